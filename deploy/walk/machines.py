"""Empty machines: a Debian by debootstrap with its own systemd, in namespaces of its own.

A machine has its own network, processes, mounts and control group, so that the real systemd runs
as its process 1 and starts the real units. The machines are on one bridge; this machine is their
way out. Needs root, debootstrap, iproute2, nftables and util-linux.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "pgw"  # of namespaces, links and control groups
BRIDGE, TABLE = f"{PREFIX}-bridge", f"ip {PREFIX}"
# The hosts' private network, and the one from which visitors come.
GATEWAYS = ("10.0.0.254", "100.64.7.254")
GROUPS = Path("/sys/fs/cgroup/unified")
AUTHORITIES = Path("/usr/local/share/ca-certificates")
NETNS = Path("/etc/netns")  # `ip netns exec` mounts NETNS/NAME/hosts over /etc/hosts
RELEASE = "bookworm"
# Of an installed Debian, but not of debootstrap's.
PACKAGES = "systemd,systemd-sysv,dbus,sudo,iproute2,curl,ca-certificates"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
NAT = f"""
add table {TABLE}
delete table {TABLE}
table {TABLE} {{
    chain out {{
        type nat hook postrouting priority srcnat;
        ip saddr 10.0.0.0/24 oifname != "{BRIDGE}" masquerade
    }}
}}
"""
BOOT = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in $2; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for pair in 0:stdin 1:stdout 2:stderr; do ln -s fd/${pair%:*} dev/${pair#*:}; done
if [ -n "$3" ]; then mkdir -p mnt/neighbour; mount --bind "$3" mnt/neighbour; fi
hostname "$0"
mkdir -p .old
pivot_root . .old
exec chroot . /bin/sh -c 'umount -l /.old; exec env -i container=walk "PATH=$1" "$2"' - \
    /usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""
# Proxies that sign the traffic of this network are trusted as this machine trusts them.
TRUST = """
for name in SSL_CERT_FILE PIP_CERT NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE; do
    echo "$name=/etc/ssl/certs/ca-certificates.crt" >>/etc/environment
    echo "Defaults env_keep += $name" >>/etc/sudoers.d/walk
done
update-ca-certificates >/dev/null 2>&1
useradd --create-home --shell /bin/bash admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers.d/walk
"""


def run(*command: object) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command[:6]))}: {done.stderr or done.stdout}")
    return done.stdout


def new_debian(folder: Path) -> Path:
    """Return the files of an empty Debian; it is made once in a folder."""
    base = folder / "base"
    if not base.exists():
        run("debootstrap", f"--include={PACKAGES}", RELEASE, base)
    return base


def make_network() -> None:
    remove_network()
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    for gateway in GATEWAYS:
        run("ip", "address", "add", f"{gateway}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    subprocess.run(["nft", "-f", "-"], input=NAT, text=True, check=True)  # noqa: S607


def remove_network() -> None:
    for command in (["ip", "link", "del", BRIDGE], ["nft", "delete", "table", *TABLE.split()]):
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    run("sysctl", "-qw", "net.ipv4.ip_forward=0")


def add_namespace(name: str, address: str, names: str) -> None:
    """Add a host to the network: its address, its way out, and the names that it knows."""
    namespace = f"{PREFIX}-{name}"
    subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)  # noqa: S603, S607
    run("ip", "netns", "add", namespace)
    ends = ["type", "veth", "peer", "name", "eth0", "netns", namespace]
    run("ip", "link", "add", f"{PREFIX}{name}", *ends)
    run("ip", "link", "set", f"{PREFIX}{name}", "master", BRIDGE, "up")
    inside = ["ip", "-n", namespace]
    run(*inside, "address", "add", f"{address}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        run(*inside, "link", "set", device, "up")
    gateway = next(each for each in GATEWAYS if each.split(".")[:3] == address.split(".")[:3])
    run(*inside, "route", "add", "default", "via", gateway)
    folder = NETNS / namespace
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts").write_text(f"127.0.0.1 localhost\n{names}")


def remove_namespace(name: str) -> None:
    subprocess.run(  # noqa: S603 - our own arguments
        ["ip", "netns", "del", f"{PREFIX}-{name}"],  # noqa: S607
        capture_output=True,
        check=False,
    )
    shutil.rmtree(NETNS / f"{PREFIX}-{name}", ignore_errors=True)


class Machine:
    """A machine that boots from its own files."""

    def __init__(self, name: str, address: str, root: Path, names: str) -> None:
        self.name, self.address, self.root = name, address, root
        self._names = names
        self._pid = 0

    def install(self, base: Path) -> None:
        """Copy an empty Debian, with an administrator who may use sudo."""
        run("cp", "-a", base, self.root)
        for path in AUTHORITIES.glob("*.crt"):
            shutil.copy(path, self.root / "usr/local/share/ca-certificates")
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        (self.root / "etc/hostname").write_text(f"{self.name}\n")
        known = f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n{self._names}"
        (self.root / "etc/hosts").write_text(known)
        run("chroot", self.root, "sh", "-ec", TRUST)

    def boot(self, neighbour: Path | None = None) -> None:
        """Start its systemd; the files of a neighbour are then below /mnt/neighbour."""
        add_namespace(self.name, self.address, self._names)
        group = GROUPS / f"{PREFIX}-{self.name}"
        group.mkdir(exist_ok=True)
        options = "--mount --pid --fork --kill-child --uts --ipc --cgroup"
        command = (
            f"echo $$ >{group}/cgroup.procs; exec ip netns exec {PREFIX}-{self.name} "
            f'unshare {options} sh -c "$@"'
        )
        arguments = [self.name, str(self.root), " ".join(DEVICES), str(neighbour or "")]
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            ["sh", "-c", command, "-", BOOT, *arguments],  # noqa: S607
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        (self.root.parent / f"{self.name}.pid").write_text(str(process.pid))
        self.attach()
        self.run("sudo systemctl is-system-running --wait")

    def attach(self) -> None:
        """Find the process 1 of a machine that was started."""
        started = self.root.parent / f"{self.name}.pid"
        if not started.exists():
            return
        parent = started.read_text()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            if children and b"systemd" in Path(f"/proc/{children[0]}/cmdline").read_bytes():
                self._pid = int(children[0])
                if (self.root / "proc").exists() and self.run("true")[0] == 0:
                    return
            time.sleep(0.3)
        raise SystemExit(f"{self.name} does not boot")

    def run(self, command: str) -> tuple[int, str]:
        """Run a command as its administrator, in the last one's folder; return code and output."""
        script = (
            "set -a; . /etc/environment; set +a\n"
            f'cd "$(cat ~/.cwd 2>/dev/null || echo ~)"\n{command}\n'
            "code=$?\npwd >~/.cwd\nexit $code\n"
        )
        inside = ["runuser", "-l", "admin", "-c", script]
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["nsenter", "-t", str(self._pid), "-a", *inside],  # noqa: S607
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        return done.returncode, done.stdout

    def power_off(self) -> None:
        """End its processes, and remove what is not in its files."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)  # of process 1: the kernel ends all others
            wait_until_gone(self._pid)
        (self.root.parent / f"{self.name}.pid").unlink(missing_ok=True)
        remove_namespace(self.name)
        top = GROUPS / f"{PREFIX}-{self.name}"
        folders = [path for path in top.rglob("*") if path.is_dir()] if top.exists() else []
        for path in sorted(folders, key=lambda path: -len(path.parts)):
            path.rmdir()
        if top.exists():
            top.rmdir()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)  # its control groups are empty a moment later
