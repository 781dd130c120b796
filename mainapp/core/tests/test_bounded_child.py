import json
import logging
import os
import signal
import time
from dataclasses import replace
from threading import Thread

import pytest

from mainapp.core import bounded_child
from mainapp.core.bounded_child import MIB, Limits, run

LIMITS = Limits(memory=32 * MIB, file=1 * MIB, cpu_s=1, timeout_s=5)


@pytest.fixture
def answer(tmp_path):
    """Return the answer of a worker with that body."""

    def run_body(body, *arguments, data=b"", limits=LIMITS):
        worker = tmp_path / "worker.py"
        worker.write_text(f"import os, sys, time\ndef work(arguments, data):\n    {body}\n")
        return run(worker, *arguments, data=data, limits=limits)

    return run_body


def test_the_answer_is_the_workers_result(answer):
    body = "return {'arguments': arguments, 'size': len(data)}"

    assert answer(body, "a", "b", data=b"x" * 100_000) == {"arguments": ["a", "b"], "size": 100_000}


@pytest.mark.parametrize(
    "body",
    [
        "bytearray(40 << 20)",
        "return 'x' * (2 << 20)",
        "os.write(1, b'x' * (2 << 20)); os._exit(0)",
        "os.write(2, b'x' * (2 << 20)); raise ValueError",
        "raise ValueError",
        "return {1, 2}",
        "os.write(1, b'[' * 100_000); os._exit(0)",
        "os.kill(os.getpid(), 9)",
    ],
)
def test_a_worker_that_exceeds_a_limit_or_breaks_is_answered_as_large(answer, body):
    assert answer(body) == {"error": "large"}


def test_a_worker_is_ended_after_its_cpu_time(answer, caplog):
    caplog.set_level(logging.WARNING)

    assert answer("while True: pass", limits=replace(LIMITS, timeout_s=30)) == {"error": "large"}
    assert f"({-signal.SIGKILL})" in caplog.text or f"({-signal.SIGXCPU})" in caplog.text


def test_a_worker_sees_nothing_of_the_servers_environment(answer):
    os.environ["PLANTED"] = "secret"
    assert set(answer("return list(os.environ)")) <= {"LC_CTYPE"}
    assert answer("return [path for path in sys.path if 'worker' in path]") == []


def test_a_third_child_is_refused_while_two_run(answer, tmp_path):
    limits = Limits(memory=MIB, timeout_s=0.4)
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(60)")
    threads = [Thread(target=run, args=(slow,), kwargs={"limits": limits}) for _ in range(2)]
    for thread in threads:
        thread.start()
    while bounded_child._slots._value:
        time.sleep(0.001)

    assert answer("return 1", limits=Limits(memory=MIB, timeout_s=0.01)) == {"error": "busy"}
    for thread in threads:
        thread.join()


def test_an_ended_process_is_logged_with_the_end_of_its_output(answer, caplog):
    caplog.set_level(logging.WARNING)

    answer("raise ValueError('the reason')")

    assert "the reason" in caplog.text


def test_numbers_keep_their_digits(answer):
    number = "0.1000000000000000055511151231257827"
    assert str(answer(f"os.write(1, b'{json.dumps(number)[1:-1]}'); os._exit(0)")) == number
