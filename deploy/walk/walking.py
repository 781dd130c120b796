"""The machines of a walk, and what each command of the text did on them.

Every command runs as it stands in the text. What a reader has to replace is in REPLACED, and what
this network or kernel lacks in `Walk.replaced`.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

from deploy.walk.machines import PREFIX, Machine
from deploy.walk.text import GUIDE, commands, sections

ROOT = GUIDE.parent.parent
SITE = "pregao.example"
NAMES = f"10.0.0.1 {SITE}\n"
NAME, PASSWORD = "chefe", "um-segredo-bem-longo"
# No public authority knows this network: one of our own signs the files that certbot would write.
AUTHORITY = f"""sudo sh -ec '
trusted=/usr/local/share/ca-certificates/walk.crt
install -d -m 0700 /etc/letsencrypt/live/{SITE}
cd /etc/letsencrypt/live/{SITE}
new="openssl req -newkey rsa:2048 -nodes"
$new -x509 -days 30 -subj /CN=walk -keyout /root/ca.key -out $trusted 2>/dev/null
$new -subj /CN={SITE} -keyout privkey.pem -out request.pem 2>/dev/null
echo subjectAltName=DNS:{SITE} >names
openssl x509 -req -in request.pem -CA $trusted -CAkey /root/ca.key -CAcreateserial \\
    -days 30 -extfile names -out fullchain.pem 2>/dev/null
update-ca-certificates >/dev/null 2>&1'
"""
CREATE = "manage.py createsuperuser"
PERSON = f"USERNAME={NAME} PASSWORD={PASSWORD} EMAIL={NAME}@{SITE}"
VARIABLES = " ".join(f"DJANGO_SUPERUSER_{part}" for part in PERSON.split())
SIMULATED = "QUOTE_SOURCE=simulated\nALLOW_SIMULATED=1\nQUOTE_STREAM=simulated"
REPLACED = (
    ("git clone …", "git clone -q /mnt/source.git"),
    ("QUOTE_SOURCE=brapi,yahoo", f"{SIMULATED}\nMETRICS_TOKEN=um-token-de-metricas"),
    ("EMAIL_HOST=smtp.example.org\n", ""),
    ("EMAIL_HOST_USER=pregao@example.org\n", ""),
    ("EMAIL_HOST_PASSWORD=change-this-as-well\n", ""),
    (f"sudo -u pregao .venv/bin/python {CREATE}",
     f"sudo -u pregao {VARIABLES} .venv/bin/python {CREATE} --noinput"),
    (" --head HASH", ""),
)  # fmt: skip
# This kernel has no NFS: the second machine mounts the folders of the first directly.
NFS = re.compile("nfs-kernel-server|/etc/exports|exportfs|/etc/fstab|^sudo mount -a$")
SHARED = "; ".join(
    f"sudo mount --bind /mnt/neighbour/srv/pregao/{name} /srv/pregao/{name}"
    for name in ("media", "reports")
)
PUBLIC_KEY = (
    "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der"
    " | openssl dgst -sha256 -binary | base64"
)


class Fault(Exception):
    """A command of the text failed."""


class Walk:
    """Two machines, the text, and the faults so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = sections(GUIDE.read_text())
        self.faults: list[str] = []
        self.one = Machine("one", "10.0.0.1", folder / "one", NAMES)
        self.two = Machine("two", "10.0.0.2", folder / "two", NAMES)

    def attach(self) -> None:
        for machine in (self.one, self.two):
            machine.attach()

    def command(self, machine: Machine, command: str, *, shown: str = "", wants: str = "") -> str:
        """Run one command; report it and its last lines. Raises: Fault."""
        began = time.monotonic()
        code, output = machine.run(command)
        is_fine = code == 0 and wants in output
        title = shown or command.splitlines()[0]
        took = f"{time.monotonic() - began:.1f} s"
        print(f"{'ok   ' if is_fine else 'FAULT'} {machine.name}: {title} [{took}]", flush=True)
        with (self.folder / "log").open("a") as log:
            log.write(f"\n$ {machine.name}: {command}\n{output}-> {code}\n")
        for line in output.strip().splitlines()[-(3 if is_fine else 25) :]:
            print(f"        {line[:300]}", flush=True)
        if not is_fine:
            raise Fault(f"{machine.name}: {title}")
        return output

    def follow(self, machine: Machine, section: str, *blocks: int) -> None:
        """Run the blocks of a section: all, or those with these numbers. Raises: Fault."""
        heading = next(each for each in self.text if each.rpartition(". ")[2] == section)
        print(f"== {machine.name}: {heading}", flush=True)
        for number, block in enumerate(self.text[heading]):
            if not blocks or number in blocks:
                for command in commands(block):
                    self.replaced(machine, command)

    def replaced(self, machine: Machine, command: str) -> None:
        """Run a command of the text with what its reader has to replace. Raises: Fault."""
        for old, new in REPLACED:
            command = command.replace(old, new)
        if "certbot certonly" in command:
            self.command(machine, AUTHORITY, shown="(instead of certbot: an authority of our own)")
        elif NFS.search(command):
            print(f"-     {machine.name}: not run: {command}", flush=True)
            if command == "sudo mount -a":
                self.command(machine, SHARED)
        else:
            self.command(machine, command.replace("pregao-….tar.gz", newest_archive(machine)))

    def visit(self, *parts: str) -> None:
        """Let a visitor's browser use the site, from a host of its own."""
        arguments = [f"https://{SITE}", self._public_key(), NAME, PASSWORD, *parts]
        inside = ["ip", "netns", "exec", f"{PREFIX}-visitor", sys.executable]
        done = subprocess.run(  # noqa: S603 - our own arguments
            [*inside, "-m", "deploy.walk.visit", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        print(done.stdout + done.stderr[-2000:], flush=True)
        self.faults += [line for line in done.stdout.splitlines() if line.startswith("FAULT")]
        if done.returncode:
            self.faults.append(f"the visit ended with code {done.returncode}")

    def _public_key(self) -> str:
        certificate = self.one.root / f"etc/letsencrypt/live/{SITE}/fullchain.pem"
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["sh", "-c", PUBLIC_KEY],  # noqa: S607
            input=certificate.read_bytes(),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()


def newest_archive(machine: Machine) -> str:
    found = machine.run("sudo ls -t /srv/pregao/backups | grep ^pregao- | head -1")[1]
    return found.strip() or "none"
