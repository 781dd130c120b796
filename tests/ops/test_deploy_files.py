"""The files that operators install: systemd's units, nginx's files, the image and compose.yaml.

`make check` runs this module and names the programs that are missing; `make linters` installs them.
"""

import configparser
import ipaddress
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.walk import steps
from deploy.walk import text as guide
from deploy.walk.walking import REPLACED
from tests.instances import ROOT, variables

CURRENT = "/opt/pregao/current"
DEPLOY = ROOT / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.is_file())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
HARDENING = DEPLOY / "systemd" / "pregao-.service.d" / "hardening.conf"
MAX_EXPOSURE = 20  # tenths of systemd's score from 0 (safe) to 10
CONTAINERFILE = (ROOT / "Containerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
BACKGROUND = ("worker", "beat", "stream")
OURS = ("migrate", "web-1", "web-2", *BACKGROUND)
STORES = ("postgres", "valkey")
# Programs beside this Python are those of the virtualenv.
PATH = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def program(name):
    """Return the path of a program; skip the test without it."""
    path = shutil.which(name, path=PATH)
    return path or pytest.skip(f"{name} is missing: `make linters` installs it")


def output_of(*command, **options):
    done = subprocess.run(  # noqa: S603 - our own arguments
        [*map(str, command)], capture_output=True, text=True, **options
    )
    return done.returncode, done.stdout, done.stderr


def procfile():
    """Return the commands of the Procfile by process."""
    lines = re.findall(r"^(\w+): (.*)$", (ROOT / "Procfile").read_text(), re.M)
    return {name: command.partition("  #")[0] for name, command in lines}


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
    assert unit(HARDENING)["Service"]["ReadWritePaths"] == "/srv/pregao"
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
    service = unit(ROOT / "deploy" / "systemd" / f"pregao-{name}.service")["Service"]
    command = service["ExecStart"].removeprefix(f"{CURRENT}/.venv/bin/")

    assert command.replace(" --loglevel WARNING", "") == procfile()[name]


@pytest.fixture
def installed_units(tmp_path):
    """A folder with the units, for a user and a path that exist here."""
    folder = tmp_path / "units"
    shutil.copytree(DEPLOY / "systemd", folder)
    for path in folder.glob("pregao-*.*"):
        if path.is_file():
            text = path.read_text().replace(CURRENT, str(ROOT))
            path.write_text(text.replace("User=pregao", "User=daemon"))
    return folder


def test_systemd_accepts_the_units(installed_units):
    names = [str(installed_units / path.name) for path in UNITS]
    environment = {"SYSTEMD_UNIT_PATH": f"{installed_units}:", "PATH": PATH}

    _code, _output, errors = output_of(
        program("systemd-analyze"), "verify", *names, env=environment
    )

    assert [line for line in errors.splitlines() if "pregao" in line] == []


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_services_may_do_little_besides_their_work(path, installed_units):
    code, output, errors = output_of(
        *(program("systemd-analyze"), "security", "--offline=true", "--no-pager"),
        *(f"--threshold={MAX_EXPOSURE}", installed_units / path.name),
        env={"SYSTEMD_UNIT_PATH": f"{installed_units}:", "PATH": PATH},
    )

    assert code == 0, output.splitlines()[-1:] or errors


@pytest.fixture
def certificate_folder(tmp_path):
    folder = tmp_path / "certificates"
    folder.mkdir()
    code, _output, errors = make_certificate(folder, ALLOWED_HOSTS="pregao.example, 10.0.0.9")
    assert code == 0, errors
    return folder


def make_certificate(folder, **environment):
    script = DEPLOY / "container" / "certificate.py"
    return output_of(sys.executable, script, folder, env=environment)


def nginx_accepts(configuration):
    code, _output, errors = output_of(program("nginx"), "-t", "-e", "stderr", "-c", configuration)
    # Only the ports need rights that a test lacks.
    assert code == 0 or "bind() to" in errors, errors
    assert "syntax is ok" in errors


@pytest.mark.parametrize("upstream", ["pregao-upstream.conf", "pregao-hosts.conf"])
def test_nginx_accepts_the_site(upstream, certificate_folder, tmp_path):
    site = (DEPLOY / "nginx" / "pregao.conf").read_text()
    for path, here in (
        ("/etc/letsencrypt/live/pregao.example", certificate_folder),
        ("/etc/nginx/snippets", DEPLOY / "nginx"),
        ("/var/log/nginx", tmp_path),
    ):
        assert path in site
        site = site.replace(path, str(here))
    (tmp_path / "site.conf").write_text(site)
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; include {DEPLOY}/nginx/pregao-main.conf; events {{}} "
        f"http {{ access_log off; {folders} include {DEPLOY}/nginx/{upstream}; "
        f"include {tmp_path}/site.conf; }}"
    )

    nginx_accepts(tmp_path / "nginx.conf")


def test_nginx_accepts_the_containers_configuration(certificate_folder, tmp_path):
    text = (DEPLOY / "nginx" / "container.conf").read_text()
    for path, here in (
        ("/tmp/", f"{tmp_path}/"),  # noqa: S108 - the container's
        ("/certificates", certificate_folder),
        ("/etc/pregao", DEPLOY / "nginx"),
        ("web-1:", "127.0.0.1:"),  # names of the container's network
        ("web-2:", "127.0.0.2:"),
    ):
        assert path in text
        text = text.replace(path, str(here))
    (tmp_path / "nginx.conf").write_text(text)

    nginx_accepts(tmp_path / "nginx.conf")


def test_certificate_is_made_once(certificate_folder):
    made = {path.name: path.read_bytes() for path in certificate_folder.iterdir()}

    assert make_certificate(certificate_folder, ALLOWED_HOSTS="other.example")[0] == 0
    assert {path.name: path.read_bytes() for path in certificate_folder.iterdir()} == made
    assert sorted(made) == ["fullchain.pem", "privkey.pem"]
    assert (certificate_folder / "privkey.pem").stat().st_mode & 0o777 == 0o600


# The image --------------------------------------------------------------------------------------


def instructions():
    """Return the instructions of the last stage, each with its arguments."""
    joined = CONTAINERFILE.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    last_stage = max(index for index, line in enumerate(lines) if line.startswith("FROM"))
    return [tuple(line.strip().split(None, 1)) for line in lines[last_stage:]]


def test_hadolint_accepts_the_containerfile():
    code, output, errors = output_of(program("hadolint"), ROOT / "Containerfile")

    assert (code, output, errors) == (0, "", "")


def test_image_runs_as_a_numbered_user_and_receives_signals():
    given = dict(instructions())

    assert given["USER"] == "10001:10001"  # Kubernetes' runAsNonRoot refuses names
    for name in ("ENTRYPOINT", "CMD"):
        assert given[name].startswith("["), name  # without a shell, which would keep SIGTERM
    assert "tini" in given["ENTRYPOINT"]
    assert "latest" not in CONTAINERFILE
    assert "chown" not in re.sub(r"#.*", "", CONTAINERFILE)


def test_image_has_the_files_that_it_starts():
    health = dict(instructions())["HEALTHCHECK"]
    script = re.search(r"/opt/pregao/([\w./]+)", health)[1]

    assert "curl" not in CONTAINERFILE
    assert (ROOT / script).is_file()
    ignored = (ROOT / ".containerignore").read_text().splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    for name in kept:
        assert (ROOT / name).exists(), name
    copied = re.findall(r"^COPY ((?:[\w.-]+ )+)\./$", CONTAINERFILE, re.M)
    assert set(" ".join(copied).split()) <= kept
    assert (ROOT / ".dockerignore").resolve() == ROOT / ".containerignore"


# compose.yaml -----------------------------------------------------------------------------------


def test_compose_reads_the_file(tmp_path):
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    shutil.copy(ROOT / "Containerfile", tmp_path)
    (tmp_path / ".env").write_text("POSTGRES_DB_PASSWORD=secret\n")
    compose = program("docker-compose")

    code, output, errors = output_of(compose, "config", cwd=tmp_path, env={"PATH": PATH})

    assert code == 0, errors
    assert set(yaml.safe_load(output)["services"]) >= {*OURS, *STORES, "proxy"} - {"stream"}


@pytest.mark.parametrize("name", OURS)
def test_compose_runs_the_commands_of_the_procfile(name):
    process = {"migrate": "release", "web-1": "web", "web-2": "web"}.get(name, name)

    assert COMPOSE["services"][name]["command"] == shlex.split(procfile()[process])


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_containers_are_confined(name):
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert set(service.get("cap_add", [])) <= (
        {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"} if name == "postgres" else set()
    )
    tag = service["image"].rpartition(":")[2]
    assert tag
    assert tag != "latest"


def test_only_the_proxy_is_reachable_from_outside():
    published = {name: it["ports"] for name, it in COMPOSE["services"].items() if "ports" in it}

    assert published == {"proxy": ["80:8080", "443:8443"]}
    assert COMPOSE["networks"]["stores"] == {"internal": True}
    for name in STORES:
        assert COMPOSE["services"][name]["networks"] == ["stores"]


@pytest.mark.parametrize("name", OURS[1:])
def test_containers_wait_for_the_database_and_its_schema(name):
    assert COMPOSE["services"][name]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "valkey": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_servers_have_a_health_check_and_are_started_again(name):
    service = COMPOSE["services"][name]
    if name in ("migrate", "certificate"):  # they end
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
    answers = name not in (*BACKGROUND, "migrate", "certificate")
    assert ("test" in service["healthcheck"]) is answers


@pytest.mark.parametrize("name", [*OURS[1:], "proxy", "postgres"])
def test_containers_get_the_time_to_stop(name):
    assert "stop_grace_period" in COMPOSE["services"][name]


def test_valkey_refuses_writes_when_it_is_full():
    command = COMPOSE["services"]["valkey"]["command"]

    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--save") + 1] == ""


def test_compose_sets_variables_that_are_read():
    ours = [COMPOSE["services"][name] for name in OURS]

    assert {name for service in ours for name in service["environment"]} <= variables()
    text = (ROOT / "compose.yaml").read_text()
    interpolated = set(re.findall(r"\$\{(\w+)", text)) - {"PREGAO_VERSION", "CERTIFICATES"}
    assert interpolated <= variables()


def test_compose_uses_and_declares_the_same_volumes():
    mounted = {
        volume.rpartition(":/")[0].removeprefix("${CERTIFICATES:-").removesuffix("}")
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", [])
    }

    assert {name for name in mounted if "/" not in name} == set(COMPOSE["volumes"])


def test_proxy_reaches_the_web_servers_that_trust_it():
    text = (DEPLOY / "nginx" / "container.conf").read_text()
    upstreams = re.findall(r"server ([\w-]+):8000", text)
    web = [name for name in COMPOSE["services"] if name.startswith("web")]
    subnet = COMPOSE["networks"]["proxy"]["ipam"]["config"][0]["subnet"]
    addresses = [
        COMPOSE["services"][name]["networks"]["proxy"]["ipv4_address"] for name in (*web, "proxy")
    ]

    assert upstreams == web
    assert COMPOSE["services"]["web-1"]["environment"]["TRUSTED_PROXIES"] == subnet
    assert len(set(addresses)) == len(addresses)
    for address in addresses:
        assert ipaddress.ip_address(address) in ipaddress.ip_network(subnet)


# docs/DEPLOY.md ---------------------------------------------------------------------------------


def test_the_commands_of_the_guide_are_found_with_their_lines():
    text = "## 1. One\n```\na <<END\nb\nEND\nc\n```\n```nginx\nd;\n```\n## Two\n```sh\ne\n```\n"
    found = guide.sections(text)

    assert list(found) == ["1. One", "Two"]
    assert [list(guide.commands(block)) for block in found["1. One"]] == [["a <<END\nb\nEND", "c"]]
    assert found["Two"] == ["e\n"]


def test_the_walk_follows_sections_that_exist():
    titles = {title.rpartition(". ")[2] for title in guide.sections(guide.GUIDE.read_text())}

    assert {*steps.FIRST_HOST, "Backups", "Upgrades", "Two hosts"} <= titles


def test_the_walk_replaces_what_the_guide_contains():
    text = guide.GUIDE.read_text()

    assert [old for old, _new in REPLACED if old not in text] == []
