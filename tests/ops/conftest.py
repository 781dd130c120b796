"""Fixtures of the tests with real processes: a shared instance and a prepared data folder."""

import os
import signal

import pytest

from tests.instances import instance
from tests.prepared import DATABASE, copy_prepared, prepared_folder

# Fixtures that start processes or migrate a database for several tests.
SHARED = {"site", "timings", "preloaded", "django_db_setup"}
STARTED_IN_S = 150  # time-out of a test whose fixtures start an instance


def pytest_itemcollected(item: pytest.Item) -> None:
    """Run tests that share an expensive fixture on the same worker.

    Earlier than `pytest_collection_modifyitems`, in which xdist reads the groups.
    """
    for name in SHARED.intersection(getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.xdist_group(name))
    if not item.get_closest_marker("timeout"):
        item.add_marker(pytest.mark.timeout(STARTED_IN_S))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests with the longest time-outs first, so that the workers end together."""
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


@pytest.fixture(scope="session")
def prepared_rig():
    """Let the instances of `benchmarks.rig` start from the prepared database too."""
    os.environ["RIG_DATABASE"] = str(prepared_folder() / DATABASE)


@pytest.fixture
def data_dir(tmp_path):
    """Return a prepared data folder."""
    return copy_prepared(tmp_path / "data")
