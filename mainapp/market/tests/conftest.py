"""A fixture that runs the scripts' pure functions under node."""

import json
import shutil
import subprocess

import pytest
from django.conf import settings

NODE = shutil.which("node")
SCRIPTS = settings.BASE_DIR / "static/mainapp/js"
PROGRAM = """
    import { createInterface } from "node:readline";
    globalThis.document = { documentElement: { lang: "pt-BR" } };
    for await (const line of createInterface({ input: process.stdin })) {
        const { module, expression } = JSON.parse(line);
        let answer;
        try {
            const m = await import(module);
            answer = { value: await new Function("m", `return (${expression});`)(m) };
        } catch (error) {
            answer = { error: error.stack };
        }
        console.log(JSON.stringify(answer));
    }
"""


@pytest.fixture(scope="module")
def run():
    """Return a function that evaluates a JavaScript expression with the module `m`.

    A promise is awaited; the value passes through JSON. All tests share one process, because node
    takes 50 ms to start.
    """
    flags = ["--no-warnings", "--experimental-default-type=module", "--input-type=module"]
    if NODE is None:
        pytest.skip("needs node on PATH")
    process = subprocess.Popen(  # noqa: S603 - our own program
        [NODE, *flags, "-e", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(module, expression):
        request = {"module": (SCRIPTS / module).as_uri(), "expression": expression}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    with process:
        yield run
