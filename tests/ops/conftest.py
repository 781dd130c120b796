"""Fixtures of the tests with real processes: a shared instance and a prepared data folder."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped] # has no types

from tests.club_requests import Tally
from tests.instances import instance
from tests.postgresql import PostgreSQL
from tests.prepared import DATABASE, copy_prepared, prepared_folder

# Modules whose tests share an expensive fixture: an instance, faults, or a migrated database.
SHARED = {
    **dict.fromkeys(("test_backup", "test_launcher", "test_servers"), "site"),
    **{name: name for name in ("test_faults", "test_processes", "test_api_schema")},
    **{name: name for name in ("test_redis_refusals", "test_database_stalls", "test_hosts")},
}
STARTED_IN_S = 150  # timeout of a test whose fixtures start an instance


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # as above
    """Runs tests that share an expensive fixture on the same worker.

    Markers `xdist_group` have no effect: xdist 3.8 writes an attribute that pytest 9.2 lacks.
    """

    def _split_scope(self, nodeid: str) -> str:
        return SHARED.get(Path(nodeid.split("::")[0]).stem, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests with the longest timeouts first, so that the workers end together."""
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(STARTED_IN_S))
    items.sort(key=timeout_s, reverse=True)


def timeout_s(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    assert marker
    return float(marker.args[0])


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """An instance that creates its own data folder, as on a new machine."""
    with instance(tmp_path_factory.mktemp("ops") / "data", UPDATE_INTERVAL_S="2") as started:
        yield started
        assert started.stop(signal.SIGINT) == 0
        assert "Warm shutdown" not in started.log  # of Celery, which is quiet here


@pytest.fixture(scope="session")
def prepared_rig():
    """Let the instances of `benchmarks.rig` start from the prepared database too."""
    os.environ["RIG_DATABASE"] = str(prepared_folder() / DATABASE)


@pytest.fixture
def data_dir(tmp_path):
    """Return a prepared data folder."""
    return copy_prepared(tmp_path / "data")


@pytest.fixture(scope="session")
def tally():
    """Return the counts of the isolation of clubs, which `pytest -s` shows at the end."""
    counts = Tally()
    yield counts
    sys.stdout.write(f"\n{counts}\n")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_env(request, tmp_path):
    """Variables of processes without a Redis, on each of the two databases."""
    values = {"DATA_DIR": str(tmp_path), "SECRET_KEY": "x" * 60, "QUOTE_SOURCE": "simulated"}
    values |= {"ALLOW_SIMULATED": "1", "REDIS_URL": "redis://127.0.0.1:1/0"}
    values |= {"DJANGO_SETTINGS_MODULE": "project.settings"}
    if request.param == "sqlite":
        yield values
        return
    server = PostgreSQL()
    try:
        yield values | {"DATABASE_URL": server.url}
    finally:
        server.close()
