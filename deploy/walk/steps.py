"""The steps of a walk: what is followed in which order, and what has to hold afterwards."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.walk.machines import (
    PREFIX,
    Machine,
    add_namespace,
    make_network,
    new_debian,
    remove_namespace,
    remove_network,
    run,
)
from deploy.walk.text import commands
from deploy.walk.walking import NAMES, ROOT, SITE, Fault, Walk, newest_archive

VISITOR = "100.64.7.50"
FIRST_HOST = (
    "Packages, user and folders",
    "PostgreSQL",
    "Redis",
    "Code",
    "Settings",
    "Database and static files",
    "Services",
    "nginx and TLS",
)
READY = '{"database": "ok", "redis": "ok", "batch": "ok", "worker": "ok", "beat": "ok", "static_files": "ok"}'  # noqa: E501
PYTHON = "cd /opt/pregao/current && sudo -u pregao .venv/bin/python"
STREAM = "sudo systemctl enable --now pregao-stream.service"  # the text has it in a sentence
TOKEN = "um-token-de-metricas"  # noqa: S105 - of these machines alone
ANEW = "env DATABASE_URL=postgresql://pregao:change-this-password@127.0.0.1/anew DATA_DIR=/srv/anew"


def make(walk: Walk) -> None:
    """Make two empty machines, and a host for a visitor."""
    base = new_debian(walk.folder)
    make_network()
    for machine in (walk.one, walk.two):
        machine.install(base)
        source = machine.root / "mnt" / "source.git"
        run("git", "clone", "-q", "--bare", ROOT, source)
        machine.boot(walk.one.root if machine is walk.two else None)
    add_namespace("visitor", VISITOR, NAMES)


def build_first_host(walk: Walk) -> None:
    """Sections 1 to 8."""
    for section in FIRST_HOST:
        walk.follow(walk.one, section)
    walk.command(walk.one, STREAM)
    wait_until_ready(walk, walk.one)
    walk.command(walk.one, "systemctl --failed --no-pager", wants="0 loaded units")
    ask(walk, "curl -s http://127.0.0.1:8000/metrics | head -1", wants="# HELP")
    challenge = "/var/www/html/.well-known/acme-challenge"
    walk.command(walk.one, f"sudo mkdir -p {challenge}; echo proof | sudo tee {challenge}/walk")
    visitor(walk, f"curl -s http://{SITE}/.well-known/acme-challenge/walk", wants="proof")
    visitor(walk, f"curl -sI http://{SITE}/ingressos", wants=f"Location: https://{SITE}/ingressos")


def visit_everything(walk: Walk) -> None:
    walk.visit("prices", "sessions", "passkey", "app", "pictures")
    check_request_ids(walk)


def back_up(walk: Walk) -> None:
    """Section 9, and its keys for the second host."""
    walk.follow(walk.one, "Backups", 0, 1, 3)
    walk.command(walk.one, "sudo journalctl -u pregao-backup --no-pager -o cat | grep check:")
    shutil.move(walk.one.root / "srv/pregao/keys.json", walk.folder / "keys.json")


def restore_on_new_database(walk: Walk) -> None:
    """The restore on a new machine, with another database and folder on this one."""
    known = walk.command(walk.one, f"{PYTHON} manage.py verify_audit", wants="0 faults")
    head = known.split()[-1]
    walk.command(
        walk.one,
        "sudo -u postgres createdb --owner pregao --template template0 anew;"
        "sudo install -d -o pregao -g pregao -m 0700 /srv/anew;"
        "sudo install -o pregao -g pregao -m 0600 /dev/stdin /srv/anew/keys.json <<END\n"
        + (walk.folder / "keys.json").read_text()
        + "\nEND",
        shown="(an empty database and folder)",
    )
    manage = PYTHON.replace("sudo -u pregao", f"sudo -u pregao {ANEW}") + " manage.py"
    walk.command(walk.one, f"{manage} backup >/dev/null; true")  # the log's last line is sealed
    walk.command(walk.one, f"{manage} restore --keys /srv/anew/keys.json")
    archive = f"/srv/pregao/backups/{newest_archive(walk.one)}"
    walk.command(walk.one, f"{manage} restore {archive}", wants="restored:")
    walk.command(walk.one, f"{manage} setup", wants="up to date")
    walk.command(walk.one, f"{manage} verify_audit --head {head}", wants="0 faults")


def build_second_host(walk: Walk) -> None:
    """The section of two hosts, with the files that an administrator copies between them."""
    walk.follow(walk.one, "Two hosts", 0)
    walk.follow(walk.two, "Two hosts", 1)
    shutil.copyfile(walk.one.root / "opt/pregao/.env", walk.two.root / "opt/pregao/.env")
    shutil.copyfile(walk.folder / "keys.json", walk.two.root / "srv/pregao/keys.json")
    owners = "sudo chown root:pregao /opt/pregao/.env; sudo chmod 0640 /opt/pregao/.env;"
    owners += "sudo chown pregao:pregao /srv/pregao/keys.json"
    walk.command(walk.two, owners, shown="(.env and keys.json, copied from the first host)")
    walk.follow(walk.two, "Two hosts", 2)
    walk.command(walk.two, STREAM)


def visit_again(walk: Walk) -> None:
    """Both hosts serve the same people, files and metrics; each alone is enough."""
    for machine in (walk.one, walk.two):
        wait_until_ready(walk, machine)
        walk.command(machine, f"{PYTHON} manage.py doctor")
        walk.command(machine, "sudo systemctl start pregao-backup.service")
    walk.command(walk.one, f"{PYTHON} manage.py reset_second_factor chefe")
    for _ in range(2):  # nginx chooses the host
        walk.visit("prices", "sessions")
    walk.visit("sessions", "passkey", "app", "pictures")
    check_pictures(walk)
    check_metrics(walk)
    check_request_ids(walk)
    for machine in (walk.one, walk.two):
        walk.command(machine, "sudo systemctl stop pregao-web.socket pregao-web.service")
        walk.visit("prices")
        walk.command(machine, "sudo systemctl start pregao-web.socket pregao-web.service")


def upgrade(walk: Walk) -> None:
    """Section 10 on both hosts, in the order of "Two hosts", under a visitor's eyes."""
    heading = next(each for each in walk.text if each.endswith(". Upgrades"))
    *before, change, restart = commands(walk.text[heading][0])
    release(walk)
    old = style_sheet(walk)
    for machine in (walk.one, walk.two):
        for command in before:
            walk.replaced(machine, command)
    with watched(walk):
        for machine in (walk.one, walk.two):
            walk.replaced(machine, change)
            walk.replaced(machine, f"{restart} pregao-stream")
            wait_until_healthy(machine)
    for path in (old, style_sheet(walk)):
        check_on_both(walk, path)
    for machine in (walk.one, walk.two):
        wait_until_ready(walk, machine)
        walk.command(machine, f"{PYTHON} manage.py doctor")
    walk.visit("prices")


def release(walk: Walk) -> None:
    """Make a new version, with another style sheet, in the repositories of both machines."""
    clone = walk.folder / "new"
    shutil.rmtree(clone, ignore_errors=True)
    run("git", "clone", "-q", walk.one.root / "mnt" / "source.git", clone)
    with (clone / "static/mainapp/css/core/base.css").open("a") as sheet:
        sheet.write("/* the next version */\n")
    author = ["-c", "user.name=walk", "-c", "user.email=walk@localhost"]
    run("git", "-C", clone, *author, "commit", "-qam", "Change a style sheet")
    for machine in (walk.one, walk.two):
        run("git", "-C", clone, "push", "-q", machine.root / "mnt" / "source.git", "HEAD")


def end(walk: Walk) -> None:
    """End what a walk started, and delete the machines."""
    for machine in (walk.one, walk.two):
        machine.power_off()
        shutil.rmtree(machine.root)
    remove_namespace("visitor")
    remove_network()


# What has to hold ------------------------------------------------------------------------------


def ask(walk: Walk, command: str, *, wants: str) -> str:
    return walk.command(walk.one, command, wants=wants)


def visitor(walk: Walk, command: str, *, wants: str) -> str:
    """Run a command on the visitor's host."""
    authority = walk.one.root / "etc/ssl/certs/ca-certificates.crt"
    done = subprocess.run(  # noqa: S603 - our own arguments
        ["ip", "netns", "exec", f"{PREFIX}-visitor", "sh", "-c", command],  # noqa: S607
        env={"CURL_CA_BUNDLE": str(authority), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    is_fine = wants in done.stdout
    print(f"{'ok   ' if is_fine else 'FAULT'} visitor: {command}: {wants}", flush=True)
    if not is_fine:
        raise Fault(f"visitor: {command}: {done.stdout}{done.stderr}")
    return done.stdout


def address(machine: Machine) -> str:
    """Return where the web server of a machine listens."""
    text = machine.run("systemctl show -P Listen pregao-web.socket")[1]
    return text.split()[0]


def wait_until_ready(walk: Walk, machine: Machine) -> None:
    url = f"http://{address(machine)}/readyz"
    repeated = f"for i in $(seq 60); do curl -s {url} | grep -F '{READY}' && break; sleep 1; done"
    walk.command(machine, repeated, shown=f"/readyz of {machine.name}", wants=READY)


def wait_until_healthy(machine: Machine) -> None:
    url = f"http://{address(machine)}/healthz"
    machine.run(f"for i in $(seq 60); do curl -fs {url} && break; sleep 0.5; done")


def check_request_ids(walk: Walk) -> None:
    """The id of a response is in nginx's log and in Pregão's, on one of the hosts."""
    answer = visitor(walk, f"curl -si https://{SITE}/nada/disso", wants="404")
    found = re.search(r"(?im)^x-request-id: (\w+)", answer)
    number = found[1] if found else "no id"
    ask(walk, f"sudo grep {number} /var/log/nginx/pregao.log", wants=VISITOR)
    hosts = [machine for machine in (walk.one, walk.two) if (machine.root / "srv/pregao").exists()]
    logs = [each.run(f"sudo journalctl -u pregao-web -o cat | grep {number}")[1] for each in hosts]
    if "/nada/disso" not in "".join(logs):
        raise Fault(f"no log of Pregão has the request id {number}")
    print(f"ok    request id {number}: in the logs of nginx and Pregão", flush=True)


def check_pictures(walk: Walk) -> None:
    """Each host serves the picture that one of them received."""
    keys = walk.one.run("sudo ls -t /srv/pregao/media/avatars")[1].split()
    check_on_both(walk, f"/avatar/{keys[0]}/150")


def check_on_both(walk: Walk, path: str) -> None:
    """Each host answers for a path, asked as the proxy asks."""
    proxied = f"-H 'Host: {SITE}' -H 'X-Forwarded-Proto: https'"
    for machine in (walk.one, walk.two):
        url = f"http://{address(machine)}{path}"
        ask(walk, f"curl -s -o /dev/null -w '%{{http_code}}' {proxied} {url}", wants="200")


def style_sheet(walk: Walk) -> str:
    page = visitor(walk, f"curl -s https://{SITE}/login/", wants="base.")
    return re.findall(r'href="([^"]*/base\.\w+\.css)"', page)[0]


def check_metrics(walk: Walk) -> None:
    """Strangers get a 404; the token opens the metrics by the site's address."""
    url = f"https://{SITE}/metrics"
    visitor(walk, f"curl -s -o /dev/null -w '%{{http_code}}' {url}", wants="404")
    direct = f"http://{address(walk.two)}/metrics"
    ask(walk, f"curl -s -o /dev/null -w '%{{http_code}}' {direct}", wants="404")
    visitor(walk, f"curl -s -H 'Authorization: Bearer {TOKEN}' {url} | head -1", wants="# HELP")


@contextmanager
def watched(walk: Walk) -> Iterator[None]:
    """Ask for a page all the time; report answers other than 200 and the longest wait."""
    form = "'%{http_code} %{time_total}\\n'"
    url = f"https://{SITE}/login/"
    authority = walk.one.root / "etc/ssl/certs/ca-certificates.crt"
    loop = f"while :; do curl -s -o /dev/null -w {form} {url}; sleep 0.1; done"
    watching = subprocess.Popen(  # noqa: S603 - our own arguments
        ["ip", "netns", "exec", f"{PREFIX}-visitor", "sh", "-c", loop],  # noqa: S607
        env={"CURL_CA_BUNDLE": str(authority), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        time.sleep(2)
    finally:
        watching.terminate()
    answers = [line.split() for line in (watching.communicate()[0] or "").splitlines()]
    bad = [code for code, _ in answers if code != "200"]
    longest = max((float(took) for _, took in answers), default=0.0)
    print(
        f"{'FAULT' if bad else 'ok   '} visitor: {len(answers)} pages during the restarts, ", end=""
    )
    print(f"{len(bad)} not answered {sorted(set(bad))}, the longest {longest:.1f} s", flush=True)
    if bad or not answers:
        walk.faults.append(f"{len(bad)} of {len(answers)} pages failed during the restarts")
