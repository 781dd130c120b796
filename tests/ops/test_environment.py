"""`.env.example` lists exactly what the code reads."""

import ast
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.instances import ROOT, run, variables

READERS = ("env", "environ", "getenv")


def names_read(path):
    """Return the variables that a file reads: the first argument of env.text("…") and the like."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            name = node.args[0].value
            if set(called.split(".")) & set(READERS) and re.fullmatch(r"[A-Z_]+", str(name)):
                yield name


def test_example_lists_exactly_what_is_read():
    read = {name for path in (ROOT / "project").glob("*.py") for name in names_read(path)}
    read -= {"DJANGO_SETTINGS_MODULE"}  # names the settings, is none

    assert variables() == read


def test_example_says_each_variable_once():
    listed = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)

    assert sorted(listed) == sorted(set(listed))


def test_manage_test_hands_over_to_pytest():
    done = run("manage.py", "test", "--version", DEBUG="1")

    assert done.returncode == 0
    assert (done.stdout + done.stderr).startswith("pytest ")


def requirements(name):
    """Return the requirements of a file, without comments, options and hashes."""
    lines = (ROOT / name).read_text().splitlines()
    wanted = (re.split(r"\s#|\\$", line)[0].strip() for line in lines)
    return [Requirement(line) for line in wanted if re.match(r"[A-Za-z]", line)]


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_lock_pins_what_is_asked_for(name):
    pins = {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin in requirements(f"{name}.txt")
    }

    for asked in requirements(f"{name}.in"):
        assert asked.specifier.contains(pins[canonicalize_name(asked.name)]), asked


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("", ["brapi", "yahoo", "yahoo_fin"]),
        (" yahoo , brapi,", ["yahoo", "brapi"]),
        ("yahoo,yahoo", ["yahoo"]),
    ],
)
def test_sources_are_a_list_as_people_write_it(tmp_path, given, names):
    code = "from project import settings; print(settings.QUOTE_SOURCE)"

    done = run("-c", code, QUOTE_SOURCE=given, SECRET_KEY="x", DATA_DIR=str(tmp_path))

    assert done.stdout.strip() == repr(names)
