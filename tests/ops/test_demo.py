"""`make demo`: sets an instance up, creates the demonstration people, prints how to log in."""

import sqlite3

import pytest

from tests.instances import run
from tests.prepared import DATABASE, copy_prepared

DEMO = ("-m", "project.launcher", "demo")


@pytest.fixture
def prepared(tmp_path):
    copy_prepared(tmp_path)
    return tmp_path


def people(data_dir):
    with sqlite3.connect(data_dir / DATABASE) as database:
        return {name for (name,) in database.execute("SELECT username FROM accounts_user")}


def test_demo_prepares_a_site_and_prints_how_to_log_in(prepared):
    done = run(*DEMO, DATA_DIR=str(prepared), PORT="8123")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == [
        "Log in at http://127.0.0.1:8123/login/ as ana, beto, clara, davi, eva; "
        "the password is pregao-demo.",
        "Start the site with: make run",
    ]
    assert people(prepared) == {"ana", "beto", "clara", "davi", "eva"}


def test_demo_is_refused_where_other_machines_can_log_in(tmp_path):
    done = run(*DEMO, DATA_DIR=str(tmp_path), HOST="0.0.0.0")  # noqa: S104 - refused

    assert done.returncode == 1
    assert done.stderr.startswith("pregao: the passwords of the demonstration data are public")


def test_seed_demo_before_the_first_start_explains_what_to_do(tmp_path):
    done = run("-m", "project.launcher", "manage", "seed_demo", DATA_DIR=str(tmp_path), DEBUG="1")

    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "CommandError: The site is not set up yet. Run `make demo`, which does it all, or "
        "`make run` first."
    ]
