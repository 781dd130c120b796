"""Structure of the browser's modules: folders, downward imports, short functions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

SCRIPTS = settings.BASE_DIR / "static/mainapp/js"
STYLES = settings.BASE_DIR / "static/mainapp/css"
FILES = sorted(SCRIPTS.rglob("*.js"))
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 300
# Like import-linter's layers of the Python packages: a folder imports itself and lower layers.
LAYERS = {
    "api": 4,
    "pages": 4,
    "operations": 4,
    "alerts": 3,
    "portfolio": 3,
    "forum": 3,
    "ideas": 3,
    "agenda": 3,
}
LAYERS |= {"clubs": 2, "market": 1, "notifications": 1, "accounts": 1, "core": 0}

STATEMENTS = r"(?:if|for|while|switch|catch|with)\b"
FUNCTION = re.compile(
    r"^(?P<indent> *)(?=.*(?:\bfunction\b|=>|\)) (?:\{|\(\{)$|.*=> \{$)"
    rf"(?! *(?:\}} )?(?:else )?{STATEMENTS})"
)
IMPORT = re.compile(r'^import\s(?:[\w\s{},*]+\sfrom\s)?"([^"]+)";', re.M)


def names(folder: Path, pattern: str) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob(pattern))]


def function_lengths(code: str) -> Iterator[tuple[int, int]]:
    """Yield (line number, number of lines) of each function; relies on our formatter's indents."""
    lines = code.splitlines()
    for start, line in enumerate(lines):
        if not (match := FUNCTION.match(line)):
            continue
        closing = match["indent"] + "}"
        end = next(n for n in range(start + 1, len(lines)) if lines[n].startswith(closing))
        yield start + 1, end - start + 1


@pytest.mark.parametrize("path", FILES, ids=names(SCRIPTS, "*.js"))
def test_functions_and_files_are_short(path):
    code = path.read_text(encoding="utf-8")

    too_long = [
        f"{path.name}:{number}: {length} lines"
        for number, length in function_lengths(code)
        if length > MAX_FUNCTION_LINES
    ]

    assert too_long == []
    assert len(code.splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize(
    "head",
    [
        "function draw(a) {",
        "export async function draw(a) {",
        "draw(a) {",
        "const draw = (a) => {",
        'box.addEventListener("click", async (event) => {',
        "export function draw(a, { b } = {}) {",
    ],
)
def test_length_of_a_function_is_measured(head):
    body = "\n".join(f"  step({n});" for n in range(61))

    assert list(function_lengths(f"{head}\n{body}\n}}\n")) == [(1, 63)]


def test_statements_are_not_functions():
    code = "if (a) {\n  b();\n} else if (c) {\n  d();\n}\nfor (const e of f) {\n  g();\n}\n"

    assert list(function_lengths(code)) == []


def features():
    return {app.name.removeprefix("mainapp.") for app in apps.get_app_configs()}


def test_scripts_and_styles_are_in_folders_of_features():
    folders = {name.partition("/")[0] for name in names(SCRIPTS, "*.js")}
    styles = {name.rpartition("/")[0] for name in names(STYLES, "*.css")}

    assert folders == set(LAYERS)
    assert styles <= {*features(), "parts", ""}


@pytest.mark.parametrize("path", FILES, ids=names(SCRIPTS, "*.js"))
def test_modules_import_downwards(path):
    own = path.relative_to(SCRIPTS).parts[0]
    for address in IMPORT.findall(path.read_text(encoding="utf-8")):
        target = (path.parent / address).resolve()
        if target.is_relative_to(SCRIPTS):
            assert target.is_file(), address
            other = target.relative_to(SCRIPTS).parts[0]
            assert other == own or LAYERS[other] < LAYERS[own], f"{own} imports {other}"
