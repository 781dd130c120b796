"""Servers behind names and addresses of the test's choice."""

import pytest

from mainapp.core.http.connections import default_tls
from mainapp.core.tests.http.network import (
    Connections,
    Names,
    make_connections,
    make_names,
)
from mainapp.core.tests.http.receiver import Receiver, make_certificate


@pytest.fixture(scope="session", autouse=True)
def _loaded() -> None:
    """Load httpx and the roots, 0.5 s, so that no test's deadline pays for it."""
    default_tls()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "hook.example")


@pytest.fixture
def receiver():
    started = Receiver()
    yield started
    started.close()


@pytest.fixture
def tls_receiver(certificate):
    started = Receiver(certificate)
    yield started
    started.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return make_names(monkeypatch)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Connections:
    return make_connections(monkeypatch)
