"""Refused starts: one line with the reason, and exit code 1."""

import socket
import time

import pytest

from tests.instances import run


def launch(tmp_path, **env_vars):
    data_dir = {"DATA_DIR": str(tmp_path / "data"), "PORT": "0", "QUOTE_SOURCE": "simulated"}
    return run("-m", "project.launcher", **data_dir | env_vars)


def refusal_line(done):
    """Return the one line that a refused start leaves."""
    assert done.returncode == 1
    assert done.stdout == ""
    line, *further_lines = done.stderr.splitlines()
    assert further_lines == []
    return line


@pytest.fixture
def silent_port():
    """A port that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return port


def test_port_in_use_is_refused(tmp_path, silent_port):
    assert refusal_line(launch(tmp_path, PORT=str(silent_port))) == (
        f"pregao: cannot listen on 127.0.0.1:{silent_port} (Address already in use): free the "
        "port, or choose another with PORT (and HOST)"
    )


@pytest.mark.parametrize("port", ["http", "70000", "-1"])
def test_invalid_port_is_refused(tmp_path, port):
    assert refusal_line(launch(tmp_path, PORT=port)) == (
        f"pregao: PORT takes a whole number from 0 to 65535, not {port!r}"
    )


def test_host_of_another_machine_is_refused(tmp_path):
    assert "cannot listen on 192.0.2.1:0" in refusal_line(launch(tmp_path, HOST="192.0.2.1"))


def test_missing_redis_is_refused(tmp_path, closed_port):
    line = refusal_line(launch(tmp_path, REDIS_URL=f"redis://127.0.0.1:{closed_port}/0"))

    assert line.startswith("pregao: no Redis answers at REDIS_URL (")
    assert line.endswith("start it, or leave REDIS_URL empty for one of our own")


def test_unresponsive_redis_is_refused(tmp_path, silent_port):
    started_at = time.monotonic()

    line = refusal_line(launch(tmp_path, REDIS_URL=f"redis://127.0.0.1:{silent_port}/0"))

    assert line.startswith("pregao: no Redis answers at REDIS_URL (")
    assert time.monotonic() - started_at < 5


def test_invalid_redis_url_is_refused(tmp_path):
    assert refusal_line(launch(tmp_path, REDIS_URL="localhost")).startswith(
        "pregao: REDIS_URL takes "
    )


@pytest.mark.parametrize("database", ["mysql://localhost/pregao", "pregao"])
def test_invalid_database_url_is_refused(tmp_path, database):
    assert refusal_line(launch(tmp_path, DATABASE_URL=database)).startswith(
        "pregao: DATABASE_URL is not understood"
    )


def test_unreachable_database_is_refused(tmp_path, closed_port):
    line = refusal_line(
        launch(tmp_path, DATABASE_URL=f"postgresql://ana:x@127.0.0.1:{closed_port}/p")
    )

    assert line.startswith("pregao: the database refuses (")
    assert "check DATABASE_URL" in line


def test_database_file_that_cannot_be_created_is_refused(tmp_path):
    line = refusal_line(launch(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/none/there.sqlite3"))

    assert line.startswith("pregao: the database refuses (unable to open database file)")


def test_data_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "data").write_text("")

    assert "DATA_DIR" in refusal_line(launch(tmp_path))


def test_unknown_source_is_refused(tmp_path):
    assert "QUOTE_SOURCE names nasdaq" in refusal_line(launch(tmp_path, QUOTE_SOURCE="nasdaq"))


def test_simulated_source_with_a_real_one_is_refused(tmp_path):
    assert "never mix" in refusal_line(launch(tmp_path, QUOTE_SOURCE="brapi,simulated"))


def test_invalid_number_is_refused(tmp_path):
    assert refusal_line(launch(tmp_path, UPDATE_INTERVAL_S="often")).startswith(
        "pregao: UPDATE_INTERVAL_S takes "
    )


@pytest.mark.parametrize(
    ("env_vars", "message"),
    [
        ({"QUOTE_SOURCE": "auto"}, "QUOTE_SOURCE names auto"),
        ({"QUOTE_SOURCE": "simulated"}, "needs ALLOW_SIMULATED=1"),
        ({"QUOTE_STREAM": "simulated"}, "never mix"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
    ],
)
@pytest.mark.parametrize("command", [["-m", "project.serve"], ["manage.py", "setup"]])
def test_procfile_refuses_settings_of_make_run(tmp_path, command, env_vars, message):
    production = {"DATA_DIR": str(tmp_path), "SECRET_KEY": "x" * 60, "QUOTE_SOURCE": "brapi"}

    done = run(*command, **production | env_vars)

    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["seed_stocks", "createsuperuser --noinput"])
def test_commands_before_the_first_start_explain_what_to_do(tmp_path, command):
    env_vars = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}",
        "DJANGO_SUPERUSER_PASSWORD": "Correct-horse-9",
        "DJANGO_SUPERUSER_USERNAME": "root",
        "DJANGO_SUPERUSER_EMAIL": "root@example.org",
        "SECRET_KEY": "s" * 50,
        "QUOTE_SOURCE": "yahoo",
    }
    done = run("manage.py", *command.split(), **env_vars)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "pregao: the site is not set up yet: run `make run`, `make demo` or `manage.py setup` first"
    )
    assert "Traceback" not in done.stderr
