"""A data folder that is prepared once per run and copied for each instance that needs one.

Migrating, loading the catalogue and collecting the static files costs 6 s of CPU.
"""

import fcntl
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.instances import run

DATABASE = "pregao.sqlite3"


def prepared_folder() -> Path:
    """Return the prepared data folder; the first caller creates it, concurrent ones wait."""
    folder = Path(os.environ["TEST_SHARED_FOLDER"]) / "prepared"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = folder.with_suffix(".draft")
            env_vars = {"DATA_DIR": str(draft), "QUOTE_SOURCE": "simulated"}
            command = ("-m", "project.launcher", "manage", "setup")
            done = run(*command, timeout_s=120, **env_vars)
            assert done.returncode == 0, done.stderr
            _forget_schedule(draft / DATABASE)
            draft.rename(folder)
    return folder


def _forget_schedule(path: Path) -> None:
    """Delete beat's schedule: the first start creates it with its own UPDATE_INTERVAL_S."""
    with closing(sqlite3.connect(path)) as database, database:
        for table in ("periodictask", "intervalschedule", "crontabschedule"):
            database.execute(f"DELETE FROM django_celery_beat_{table}")  # noqa: S608 - our own


def copy_prepared(data_dir: Path) -> Path:
    """Copy the database and the static files into a data folder, without a secret key."""
    source = prepared_folder()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("media", "mail"):
        (data_dir / name).mkdir(mode=0o700, exist_ok=True)
    shutil.copytree(source / "static", data_dir / "static", dirs_exist_ok=True)
    for name in (DATABASE, "static.versions.json"):
        shutil.copyfile(source / name, data_dir / name)
    (data_dir / DATABASE).chmod(0o600)
    return data_dir
