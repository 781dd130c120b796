"""Receivers, with and without TLS, behind names and addresses of our choice."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mainapp.notifications.tests.receiver import Receiver, make_certificate
from mainapp.notifications.transports.base import Parcel

PUBLIC = "93.184.215.14"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"), "hook.example", "discord.com")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.close()


@pytest.fixture
def tls_receiver(certificate: Path) -> Iterator[Receiver]:
    started = Receiver(certificate)
    yield started
    started.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Return the DNS: for a name, the answers of each next question (the last one stays)."""
    answers: dict[str, list[list[str]]] = {}
    resolve = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in answers:
            return resolve(host, port, *args, **kwargs)
        given = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [
            (
                socket.AF_INET6 if ":" in one else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (one, port),
            )
            for one in given
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return answers


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the addresses that connections were made to; those of PUBLIC end at `dialled.port`."""
    made = Dialled()
    connect = socket.socket.connect

    def note(sock: socket.socket, address: Any) -> Any:
        made.append(address[0])
        if address[0] == PUBLIC:
            return connect(sock, ("127.0.0.1", made.port))
        return connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    return made


class Dialled(list):
    port = 9


@pytest.fixture
def parcel() -> Callable[..., Parcel]:
    def make(address: str, **fields: Any) -> Parcel:
        given = {
            "subject": "PETR4 caiu",
            "text": "R$ 36,00",
            "message_id": "<firing.7@pregao.example>",
            "created_at": datetime(2026, 1, 2, 13, tzinfo=UTC),
            "secret": "segredo",
            "url": "https://pregao.example/alerts/",
            **fields,
        }
        return Parcel(address=address, **given)

    return make
