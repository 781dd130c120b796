"""The commands and settings in docs/DEPLOY.md, and the set-up on a new machine."""

import re

from tests.instances import ROOT, run

GUIDE = (ROOT / "docs" / "DEPLOY.md").read_text()
UNITS = [path.name for path in (ROOT / "deploy" / "systemd").iterdir()]


def test_guide_refers_to_existing_files_and_commands():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = {path.stem for path in (ROOT / "mainapp").glob("*/management/commands/*.py")}

    assert set(re.findall(r"(?:sudo |`)make ([\w-]+)", GUIDE)) <= targets
    assert set(re.findall(r"manage\.py (\w+)", GUIDE)) <= commands | {"createsuperuser"}
    for link in re.findall(r"\]\(\.\./([^)#]+)\)", GUIDE):
        assert (ROOT / link).exists(), link
    for path in re.findall(r"\bdeploy/[\w./-]+\w", GUIDE):
        assert list(ROOT.glob(path)) or list(ROOT.glob(f"{path}*")), path
    installed = set(re.findall(r"pregao-\w+\.(?:service|socket|timer)", GUIDE))
    assert installed <= set(UNITS)


def test_guide_sets_variables_that_are_read():
    known = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    settings = re.search(r"<<END\n(.*?)END\n", GUIDE, re.S)[1]

    assert {line.partition("=")[0] for line in settings.splitlines()} <= known


def test_set_up_creates_the_data_folder(tmp_path):
    production = {"SECRET_KEY": "k" * 50, "QUOTE_SOURCE": "brapi"}
    done = run("manage.py", "setup", **production, DATA_DIR=str(tmp_path / "new" / "folder"))
    refused = run("manage.py", "setup", **production, DATA_DIR="/proc/folder")

    assert done.stdout.startswith("database:"), done.stderr
    assert (tmp_path / "new" / "folder").stat().st_mode & 0o777 == 0o700
    assert refused.stderr.startswith("pregao: DATA_DIR /proc/folder cannot be created (")


def test_set_up_needs_a_folder_that_it_may_write():
    """As root, a kernel folder; in a container, another user's volume."""
    production = {"SECRET_KEY": "k" * 50, "QUOTE_SOURCE": "brapi"}
    done = run("manage.py", "setup", **production, DATA_DIR="/proc/sys")

    assert done.stderr.startswith("pregao: DATA_DIR /proc/sys cannot be written by the user ")
    assert done.stderr.endswith("belongs to it, or choose another folder\n")


def test_web_server_without_static_files_is_refused(tmp_path):
    done = run(
        *("-m", "project.serve"),
        DATA_DIR=str(tmp_path),
        SECRET_KEY="k" * 50,
        QUOTE_SOURCE="brapi",
        PORT="0",
    )

    assert done.returncode == 1
    assert done.stderr == (
        f"pregao: no static files are collected in {tmp_path}/static: "
        "run `python manage.py setup`\n"
    )


def test_other_servers_log_that_static_files_are_missing(tmp_path):
    """Every page of theirs is an error."""
    production = {"SECRET_KEY": "k" * 50, "QUOTE_SOURCE": "brapi", "DATA_DIR": str(tmp_path)}
    done = run("-c", "import project.asgi", **production, DJANGO_SETTINGS_MODULE="project.settings")

    last_line = done.stderr.splitlines()[-1]
    assert f"ERROR project.asgi: no static files are collected in {tmp_path}/static" in last_line
