"""`manage.py move_database postgresql://…`: move the instance from SQLite to PostgreSQL."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from mainapp.core.redis import client
from mainapp.market.board import BEAT, STREAMER, WORKER_KEY
from mainapp.operations.board import readings
from mainapp.operations.services.moving import (
    MovedTable,
    MoveError,
    check_source,
    check_target,
    connect,
    move_rows,
)
from project.database_url import parse_database_url


class Command(BaseCommand):
    help = "Copy the SQLite database into an empty PostgreSQL, and compare both."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "to", help="the PostgreSQL's DATABASE_URL; - reads it from standard input"
        )

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        url = sys.stdin.readline().strip() if to == "-" else to
        try:
            self._move(url)
        except MoveError as error:
            sys.exit(f"pregao: nothing was moved: {error}")

    def _move(self, url: str) -> None:
        if connection.vendor != "sqlite":
            raise MoveError("DATABASE_URL is not SQLite: only a move to PostgreSQL is possible")
        target = _target(url)
        if running := running_parts():
            raise MoveError(f"Pregão is running ({', '.join(running)}): stop it first")
        connect(source=str(connection.settings_dict["NAME"]), target=target)
        check_source()
        check_target()
        _migrate(url)
        tables: list[MovedTable] = []
        move_rows(on_table=tables.append)
        for table in tables:
            self.stdout.write(f"{table.name:<40}{table.count:>10}  {table.checksum[:16]}")
        rows = sum(table.count for table in tables)
        self.stdout.write(
            f"{len(tables)} tables with {rows} rows are equal in both databases. Set DATABASE_URL "
            "to the new one, and start Pregão. The old file was not changed."
        )


def running_parts() -> list[str]:
    """Return the parts of the instance that are running; none if Redis does not answer."""
    keys = {"worker": WORKER_KEY, "beat": BEAT.key, "streamer": STREAMER.key}
    try:
        web = ["web"] if list(readings()) else []
        return web + [name for name, key in keys.items() if client().exists(key)]
    except redis.RedisError:
        return []


def _target(url: str) -> dict[str, Any]:
    try:
        target = parse_database_url(url)
    except ValueError as error:
        raise MoveError(f"the new DATABASE_URL {error}") from None
    if target["ENGINE"] != "mainapp.core.postgresql":
        raise MoveError("the new DATABASE_URL is not PostgreSQL")
    return target


def _migrate(url: str) -> None:
    """Migrate the target in a separate process, so that its migrations see no other database."""
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MoveError(f"the target could not be migrated: {reason}")
