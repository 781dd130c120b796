"""Fixtures for HTTP: local servers behind made-up names and addresses."""

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
    """Import httpx and load the roots, which takes 0.5 s, before any test's deadline runs."""
    default_tls()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "hook.example")


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def tls_receiver(certificate):
    server = Receiver(certificate)
    yield server
    server.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return make_names(monkeypatch)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Connections:
    return make_connections(monkeypatch)
