"""Checks of disks, permissions, static files and backups."""

import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from mainapp.core import static_files
from mainapp.operations.management.doctor.findings import Finding, fault, ok

LEAST_FREE_BYTES = 512 * 1024 * 1024
LEAST_FREE_INODES = 10_000
OLD_BACKUP_S = 48 * 3600
ENV_FILE = Path(settings.BASE_DIR) / ".env"


def check_disk() -> Iterator[Finding]:
    folder = Path(settings.DATA_DIR)
    state = os.statvfs(folder)
    free = state.f_bavail * state.f_frsize
    # Some file systems, such as btrfs, have no fixed number of inodes and report 0.
    has_few_inodes = state.f_files > 0 and state.f_favail < LEAST_FREE_INODES
    if free < LEAST_FREE_BYTES:
        yield fault(f"{free >> 20} MiB are free for {folder}: free space, or move DATA_DIR")
    elif not has_few_inodes:
        yield ok(f"{free >> 20} MiB free for {folder}")
    if has_few_inodes:
        yield fault(f"{state.f_favail} inodes are free for {folder}: remove files")


def check_permissions() -> Iterator[Finding]:
    data = Path(settings.DATA_DIR)
    folders = [data, Path(settings.MEDIA_ROOT), data / "logs", data / "backups", data / "mail"]
    faults = [*map(_folder_fault, filter(Path.is_dir, folders)), _secret_fault(ENV_FILE)]
    texts = [text for text in faults if text]
    yield from map(fault, texts)
    if not texts:
        yield ok("folders are writable, and nothing private is open to everyone")


def _folder_fault(folder: Path) -> str:
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} is not writable for this user: run `chown` and `chmod u+rwx`"
    return _secret_fault(folder)


def _secret_fault(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ""
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return f"{path} is open to everyone ({stat.filemode(mode)}): run `chmod o-rwx {path}`"
    return ""


def check_static_files() -> Iterator[Finding]:
    if text := static_files.fault():
        yield fault(text)
    elif settings.DEBUG:
        yield ok("served from the sources, as DEBUG is on")
    elif _collected_state() != static_files.source_state():
        yield fault("collected for another version: run `manage.py setup`")
    else:
        yield ok("collected for this version")


def _collected_state() -> str:
    root = Path(settings.STATIC_ROOT)
    try:
        record = json.loads(root.with_name(f"{root.name}.versions.json").read_text())
    except (OSError, ValueError):
        return ""
    return str(record.get("state", ""))


def check_backups() -> Iterator[Finding]:
    folder = Path(settings.DATA_DIR) / "backups"
    archives = sorted(folder.glob("pregao-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not archives:
        yield fault(f"none in {folder}: run `make backup`, or enable pregao-backup.timer")
        return
    newest = archives[-1]
    state = newest.stat()
    hours = (time.time() - state.st_mtime) / 3600
    text = f"the newest of {len(archives)} is {newest.name}, {hours:.0f} h old"
    if not state.st_size:
        yield fault(f"{newest.name} is empty: run `make backup`")
    elif hours * 3600 > OLD_BACKUP_S:
        yield fault(f"{text}: run `make backup`, and look at pregao-backup.timer")
    else:
        yield ok(text)
