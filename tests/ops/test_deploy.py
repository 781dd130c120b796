"""The files that docs/DEPLOY.md installs, and the commands that it gives."""

import configparser
import re
import shutil
import subprocess

import pytest

from tests.instances import ROOT, run

CURRENT = "/opt/pregao/current"
GUIDE = (ROOT / "docs" / "DEPLOY.md").read_text()
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
SYSTEMD, NGINX, OPENSSL = (
    shutil.which(name) or "" for name in ("systemd-analyze", "nginx", "openssl")
)


def unit(path):
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # as the documentation says
    parser.read_string(path.read_text())
    return parser


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_services_run_as_their_user_in_the_current_version(path):
    service = unit(path)["Service"]

    assert service["User"] == "pregao"
    assert service["WorkingDirectory"] == CURRENT
    assert service["ReadWritePaths"] == "/srv/pregao"
    command = service["ExecStart"].split()
    assert command[0] in (f"{CURRENT}/.venv/bin/python", f"{CURRENT}/.venv/bin/celery")


@pytest.mark.parametrize("name", ["web", "worker", "beat", "stream"])
def test_lasting_services_restart_without_end(name):
    parsed = unit(ROOT / "deploy" / "systemd" / f"pregao-{name}.service")

    assert parsed["Service"]["Restart"] == "always"
    assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
    # They start even if the set-up failed or Redis is not there yet.
    assert "Requires" not in parsed["Unit"] or "setup" not in parsed["Unit"]["Requires"]


@pytest.mark.parametrize("name", ["worker", "beat", "stream"])
def test_services_run_the_commands_of_the_procfile(name):
    procfile = dict(re.findall(r"^(\w+): (.*)$", (ROOT / "Procfile").read_text(), re.M))
    service = unit(ROOT / "deploy" / "systemd" / f"pregao-{name}.service")["Service"]
    command = service["ExecStart"].removeprefix(f"{CURRENT}/.venv/bin/")

    assert command.replace(" --loglevel WARNING", "") == procfile[name].partition("  #")[0]


@pytest.mark.skipif(not SYSTEMD, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path):
    for path in UNITS:
        text = path.read_text().replace(CURRENT, str(ROOT)).replace("User=pregao", "User=daemon")
        (tmp_path / path.name).write_text(text)
    names = [str(tmp_path / path.name) for path in UNITS]

    done = subprocess.run(  # noqa: S603 - our own arguments
        [SYSTEMD, "verify", *names], capture_output=True, text=True
    )

    complaints = [line for line in done.stderr.splitlines() if "pregao" in line]
    assert complaints == []


@pytest.mark.skipif(not NGINX, reason="needs nginx")
@pytest.mark.skipif(not OPENSSL, reason="needs openssl")
def test_nginx_accepts_its_file(tmp_path):
    subprocess.run(  # noqa: S603 - our own arguments
        [
            *(OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
            *("-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    site = (ROOT / "deploy" / "nginx" / "pregao.conf").read_text()
    site = site.replace("/etc/letsencrypt/live/pregao.example", str(tmp_path))
    site = site.replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "site.conf").write_text(site)
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} "
        f"http {{ access_log off; {folders} include {tmp_path}/site.conf; }}"
    )

    done = subprocess.run(  # noqa: S603 - our own arguments
        [NGINX, "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
    )

    # Only the ports need rights that a test lacks.
    assert done.returncode == 0 or "bind() to" in done.stderr, done.stderr
    assert "syntax is ok" in done.stderr


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
    assert installed <= {path.name for path in UNITS}


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
