"""Walk through docs/DEPLOY.md: two empty machines become a site with TLS, by the text alone.

`python -m deploy.walk --folder FOLDER` (`make walk`) needs root and minutes. FOLDER keeps the empty Debian for
the next time. Every command of the text runs as it stands, by an administrator with sudo, on a
machine whose systemd is real; what a reader has to replace is in `REPLACED`. Each command prints its
result; the exit code is 1 if one failed.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

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
from deploy.walk.text import GUIDE, commands, sections

ROOT = GUIDE.parent.parent
SITE = "pregao.example"
NAMES = f"10.0.0.1 {SITE}\n"
VISITOR = "100.64.7.50"
NAME, PASSWORD = "chefe", "um-segredo-bem-longo"
# A public authority does not know this network: one of our own signs the same files.
AUTHORITY = f"""
sudo install -d -m 0700 /etc/letsencrypt/live/{SITE}
sudo openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=walk -keyout /root/ca.key -out /usr/local/share/ca-certificates/walk.crt 2>/dev/null
sudo sh -ec 'cd /etc/letsencrypt/live/{SITE}
openssl req -newkey rsa:2048 -nodes -subj /CN={SITE} -keyout privkey.pem -out request.pem 2>/dev/null
echo subjectAltName=DNS:{SITE} >names
openssl x509 -req -in request.pem -CA /usr/local/share/ca-certificates/walk.crt -CAkey /root/ca.key -CAcreateserial -days 30 -extfile names -out fullchain.pem 2>/dev/null
update-ca-certificates >/dev/null 2>&1'
"""
CREATED = (
    f"sudo -u pregao DJANGO_SUPERUSER_USERNAME={NAME} DJANGO_SUPERUSER_PASSWORD={PASSWORD} "
    "DJANGO_SUPERUSER_EMAIL=chefe@pregao.example .venv/bin/python manage.py createsuperuser --noinput"
)
REPLACED = (
    ("git clone …", "git clone -q /mnt/source.git"),
    (
        "QUOTE_SOURCE=brapi,yahoo",
        "QUOTE_SOURCE=simulated\nALLOW_SIMULATED=1\nQUOTE_STREAM=simulated",
    ),
    ("EMAIL_HOST=smtp.example.org\n", ""),
    ("EMAIL_HOST_USER=pregao@example.org\n", ""),
    ("EMAIL_HOST_PASSWORD=change-this-as-well\n", ""),
    ("sudo -u pregao .venv/bin/python manage.py createsuperuser", CREATED),
)


# This kernel has no NFS: the second machine mounts the same folders of the first directly.
NFS = re.compile("nfs-kernel-server|/etc/exports|exportfs|/etc/fstab|^sudo mount -a$")
SHARED = "for name in media reports; do sudo mount --bind /mnt/neighbour/srv/pregao/$name /srv/pregao/$name; done"


class Fault(Exception):
    """A command of the text failed."""


class Walk:
    """The machines, and what each command of the text did on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = sections(GUIDE.read_text())
        self.faults: list[str] = []
        self.one = Machine("one", "10.0.0.1", folder / "one", NAMES)
        self.two = Machine("two", "10.0.0.2", folder / "two", NAMES)

    def command(self, machine: Machine, command: str, *, shown: str = "") -> str:
        """Run one command; report it and its last lines."""
        began = time.monotonic()
        code, output = machine.run(command)
        title = shown or command.splitlines()[0]
        state = "ok   " if code == 0 else "FAULT"
        print(f"{state} {machine.name}: {title} [{time.monotonic() - began:.1f} s]", flush=True)
        with (self.folder / "log").open("a") as log:
            log.write(f"\n$ {machine.name}: {command}\n{output}-> {code}\n")
        for line in output.strip().splitlines()[-(3 if code == 0 else 25) :]:
            print(f"        {line[:300]}", flush=True)
        if code:
            raise Fault(f"{machine.name}: {title}")
        return output

    def follow(self, machine: Machine, section: str, *blocks: int) -> None:
        """Run the blocks of a section: all, or those with these numbers."""
        heading = next(
            each for each in self.text if each.partition(". ")[2] == section or each == section
        )
        print(f"== {machine.name}: {heading}", flush=True)
        for number, block in enumerate(self.text[heading]):
            if not blocks or number in blocks:
                for command in commands(block):
                    self.replaced(machine, command)

    def replaced(self, machine: Machine, command: str) -> None:
        """Run a command with what its reader has to replace."""
        for old, new in REPLACED:
            command = command.replace(old, new)
        if "certbot certonly" in command:
            self.command(machine, AUTHORITY, shown="(a certificate of our own authority)")
            return
        if "pregao-….tar.gz" in command:
            newest = machine.run("sudo ls -t /srv/pregao/backups | grep ^pregao- | head -1")[
                1
            ].strip()
            command = command.replace("pregao-….tar.gz", newest)
        if "--head HASH" in command:
            command = command.replace(" --head HASH", "")
        if NFS.search(command):
            print(f"-     {machine.name}: not run: {command.splitlines()[0]}", flush=True)
            command = SHARED if command == "sudo mount -a" else "true"
        self.command(machine, command)

    def visit(self, *parts: str) -> None:
        """Let a visitor's browser use the site, from a host of its own."""
        certificate = (self.one.root / f"etc/letsencrypt/live/{SITE}/fullchain.pem").read_bytes()
        key = subprocess.run(
            ["sh", "-c", "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"],  # noqa: S607
            input=certificate, capture_output=True, check=True,
        ).stdout.decode().strip()  # fmt: skip
        arguments = [
            sys.executable,
            "-m",
            "deploy.walk.visit",
            f"https://{SITE}",
            key,
            NAME,
            PASSWORD,
        ]
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["ip", "netns", "exec", f"{PREFIX}-visitor", *arguments, *parts],  # noqa: S607
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        print(done.stdout + done.stderr[-2000:], flush=True)
        self.faults += [line for line in done.stdout.splitlines() if line.startswith("FAULT")]
        if done.returncode:
            self.faults.append(f"visit: code {done.returncode}")


def make(walk: Walk) -> None:
    """Make two empty machines, and a host for a visitor."""
    base = new_debian(walk.folder)
    make_network()
    for machine in (walk.one, walk.two):
        machine.install(base)
        run("git", "clone", "-q", "--bare", ROOT, machine.root / "mnt" / "source.git")
        machine.boot(walk.one.root if machine is walk.two else None)
    add_namespace("visitor", VISITOR, NAMES)


def first(walk: Walk) -> None:
    """Sections 1 to 8 on the first host."""
    for section in (
        "Packages, user and folders", "PostgreSQL", "Redis", "Code", "Settings",
        "Database and static files", "Services", "nginx and TLS",
    ):  # fmt: skip
        walk.follow(walk.one, section)


def doctors(walk: Walk) -> None:
    for machine in (walk.one, walk.two):
        if (machine.root / "opt/pregao/current/manage.py").exists():
            walk.command(machine, "cd /opt/pregao/current")
            walk.command(machine, "sudo -u pregao .venv/bin/python manage.py doctor")


def visit(walk: Walk) -> None:
    walk.visit()


def backup(walk: Walk) -> None:
    """The timer's service as systemd runs it, and section 9."""
    walk.follow(walk.one, "Backups", 0, 1, 3)
    shutil.move(walk.one.root / "srv/pregao/keys.json", walk.folder / "keys.json")


def second(walk: Walk) -> None:
    """The section of two hosts, with the folders that hosts share."""
    walk.follow(walk.one, "Two hosts", 0)
    walk.follow(walk.two, "Two hosts", 1)
    shutil.copyfile(walk.one.root / "opt/pregao/.env", walk.two.root / "opt/pregao/.env")
    shutil.copyfile(walk.folder / "keys.json", walk.two.root / "srv/pregao/keys.json")
    walk.command(
        walk.two, "sudo chown root:pregao /opt/pregao/.env; sudo chmod 0640 /opt/pregao/.env"
    )
    walk.command(
        walk.two,
        "sudo chown pregao:pregao /srv/pregao/keys.json; sudo chmod 0600 /srv/pregao/keys.json",
    )
    walk.follow(walk.two, "Two hosts", 2)


STEPS = {
    "make": make,
    "first": first,
    "doctor": doctors,
    "visit": visit,
    "backup": backup,
    "second": second,
}


def end(walk: Walk) -> None:
    """End what a walk started; its folders stay."""
    for machine in (walk.one, walk.two):
        if (walk.folder / f"{machine.name}.pid").exists():
            machine.attach()
            machine.power_off()
    remove_namespace("visitor")
    remove_network()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("steps", nargs="*", default=[])
    options = parser.parse_args(arguments)
    walk = Walk(options.folder.resolve())
    for name in options.steps:
        if name == "end":
            end(walk)
            continue
        if name != "make":
            for machine in (walk.one, walk.two):
                machine.attach()
        if name.startswith("visit:"):
            walk.visit(*name.split(":")[1:])
        elif ":" in name:
            who, section, *blocks = name.split(":")
            walk.follow(getattr(walk, who), section, *map(int, blocks))
        else:
            STEPS[name](walk)
    print(f"{len(walk.faults)} faults", *walk.faults, sep="\n  ")
    return bool(walk.faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
