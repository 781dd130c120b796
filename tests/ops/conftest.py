"""What these tests share: one instance, started once."""

import signal

import pytest

from tests.instances import instance


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with instance(tmp_path_factory.mktemp("ops") / "data", UPDATE_INTERVAL_S="2") as started:
        yield started
        assert started.stop(signal.SIGINT) == 0
