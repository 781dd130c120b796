"""Collection of static files without removing those still in use, and a check that they exist.

Files are collected into a separate folder and moved into place one by one, the manifest last.
Files of earlier versions stay: open pages and processes of the old version still refer to them.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.management.commands import collectstatic
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import storages
from django.core.management import call_command

KEPT_VERSIONS = 5
MANIFEST = "staticfiles.json"


def fault() -> str:
    """Return why this process has no URLs for its static files, in one line; empty if it has."""
    hashed_files = getattr(staticfiles_storage, "hashed_files", None)
    if hashed_files is None:  # the storage for debugging serves files from their sources
        return missing_assets_fault()
    if hashed_files:
        return ""
    root = Path(settings.STATIC_ROOT)
    if (root / MANIFEST).is_file():
        return "the static files were collected after the start of this process: restart it"
    return f"no static files are collected in {root}: run `python manage.py setup`"


def missing_assets_fault() -> str:
    """Return an error about uninstalled files of packages, in one line; empty if all exist."""
    missing = [name for name in sorted(settings.PACKAGE_FILES) if not finders.find(name)]
    if not missing:
        return ""
    return f"the front-end assets are not installed ({missing[0]} is missing): run `make build`"


def collect() -> str:
    """Collect the static files unless nothing has changed; return the result in words.

    Safe to call in several processes at once. A server with DEBUG serves the sources.
    """
    if not hasattr(staticfiles_storage, "hashed_files"):
        return "not collected, as DEBUG is set"
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with _locked(_beside(root, "lock")):
        record = _beside(root, "versions.json")
        known = json.loads(record.read_text()) if record.is_file() else {"versions": []}
        state = source_state()
        if known.get("state") == state and _is_complete(root, known["versions"][-1]):
            return "unchanged"
        # Files from before the first record count as one earlier version.
        earlier = known["versions"] or [_files_in(root)]
        draft = _collect_into(_beside(root, "draft"))
        shutil.copyfile(draft / MANIFEST, draft / manifest_of(state))
        names = _move(draft, root)
        others = [version for version in earlier if version != names]
        versions = [*others, names][-KEPT_VERSIONS:]
        removed = _remove_others(root, {name for version in versions for name in version})
        record.write_text(json.dumps({"state": state, "versions": versions}))
        return f"{len(names)} collected, {removed} of old versions removed"


def _is_complete(root: Path, names: list[str]) -> bool:
    """Return whether the files are still there: the record is not in the folder that is served."""
    return all((root / name).is_file() for name in names)


def _beside(root: Path, name: str) -> Path:
    """Return a path next to the served folder, inside which the files would be public."""
    return root.with_name(f"{root.name}.{name}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def source_state() -> str:
    """Return a hash of what the code of this process would collect."""
    return hashlib.sha256("\n".join(sorted(_source_lines())).encode()).hexdigest()


def manifest_of(state: str) -> str:
    """Return the name of a version's own manifest, for its processes that start later.

    Without it, an old process that restarts after the set-up of a new version, or after a return to
    the old one, would look for files that only it has in the manifest of the new version.
    """
    return f"staticfiles.{state[:16]}.json"


def _source_lines() -> Iterator[str]:
    """Yield lines that change whenever a source file, Django or the storage backend changes."""
    yield f"{django.__version__} {settings.STORAGES['staticfiles']['BACKEND']}"
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            yield f"{name} {status.st_size} {status.st_mtime_ns}"


def _collect_into(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    backend = settings.STORAGES["staticfiles"]["BACKEND"]
    command = collectstatic.Command()
    command.storage = storages.create_storage(
        {"BACKEND": backend, "OPTIONS": {"location": str(folder)}}
    )
    call_command(command, interactive=False, verbosity=0)
    return folder


def _move(draft: Path, root: Path) -> list[str]:
    """Move the collected files into place and return their names; the manifests are the last."""
    names = sorted(_files_in(draft), key=lambda name: (name.startswith("staticfiles."), name))
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (draft / name).replace(root / name)
    shutil.rmtree(draft)
    return names


def _remove_others(root: Path, names: set[str]) -> int:
    """Remove all files but those with these names; return the number of removed files."""
    others = [name for name in _files_in(root) if name not in names]
    for name in others:
        (root / name).unlink()
    return len(others)


def _files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
