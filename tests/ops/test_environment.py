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


def test_example_lists_exactly_the_variables_read():
    read = {name for path in (ROOT / "project").rglob("*.py") for name in names_read(path)}
    read -= {"DJANGO_SETTINGS_MODULE"}  # Django's own

    assert variables() == read


def test_example_lists_each_variable_once():
    listed = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)

    assert sorted(listed) == sorted(set(listed))


def test_manage_test_runs_pytest():
    done = run("manage.py", "test", "--version", DEBUG="1")

    assert done.returncode == 0
    assert (done.stdout + done.stderr).startswith("pytest ")


def requirements(name):
    """Return the requirements of a file, without comments, options and hashes."""
    lines = (ROOT / name).read_text().splitlines()
    stripped = (re.split(r"\s#|\\$", line)[0].strip() for line in lines)
    return [Requirement(line) for line in stripped if re.match(r"[A-Za-z]", line)]


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_lock_satisfies_the_requirements(name):
    pins = {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin in requirements(f"{name}.txt")
    }

    for requirement in requirements(f"{name}.in"):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (
            requirement
        )


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", ["brapi", "yahoo", "yahoo_fin", "binance"]),
        (" yahoo , brapi,", ["yahoo", "brapi"]),
        ("yahoo,yahoo", ["yahoo"]),
    ],
)
def test_sources_are_parsed_as_a_list(tmp_path, value, names):
    code = "from project import settings; print(settings.QUOTE_SOURCE)"

    done = run("-c", code, QUOTE_SOURCE=value, SECRET_KEY="x", DATA_DIR=str(tmp_path))

    assert done.stdout.strip() == repr(names)


@pytest.mark.parametrize(
    ("env_vars", "printed"),
    [
        ({"FMP_KEY": "k"}, "['brapi', 'yahoo', 'fmp', 'yahoo_fin', 'binance']"),
        ({"FMP_KEY": "k", "QUOTE_SOURCE": "fmp"}, "['fmp']"),
        ({"QUOTE_SOURCE": "fmp"}, "pregao: QUOTE_SOURCE=fmp needs FMP_KEY"),
    ],
)
def test_fmp_is_a_source_only_with_its_key(tmp_path, env_vars, printed):
    code = "from project import settings; print(settings.QUOTE_SOURCE)"

    done = run("-c", code, **{"SECRET_KEY": "x"} | env_vars, DATA_DIR=str(tmp_path))

    assert (done.stdout or done.stderr).startswith(printed)


@pytest.mark.parametrize(
    ("env_vars", "refusal"),
    [
        ({}, "QUOTE_SOURCE=replay needs REPLAY_DATE, the day of a past session (YYYY-MM-DD)"),
        ({"REPLAY_DATE": "16/04/2024"}, "REPLAY_DATE takes a day as YYYY-MM-DD, not '16/04/2024'"),
        (
            {"REPLAY_DATE": "2024-04-16", "ALLOW_SIMULATED": "0"},
            "QUOTE_SOURCE=replay needs ALLOW_SIMULATED=1",
        ),
        (
            {"REPLAY_DATE": "2024-04-16", "QUOTE_SOURCE": "replay,brapi"},
            "QUOTE_SOURCE: real sources, 'simulated' and 'replay' never mix",
        ),
    ],
)
def test_replay_needs_a_day_and_a_permission(tmp_path, env_vars, refusal):
    replay = {"QUOTE_SOURCE": "replay", "ALLOW_SIMULATED": "1", "SECRET_KEY": "x"}
    done = run("-c", "from project import settings", **replay | env_vars, DATA_DIR=str(tmp_path))
    assert refusal in done.stderr
