"""Each HTTP transport, connected to a local server in place of its service."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mainapp.core.http import AddressPolicy, HttpClient
from mainapp.core.http.connections import default_tls
from mainapp.core.tests.http.network import (
    PUBLIC,
    Connections,
    Names,
    make_connections,
    make_names,
)
from mainapp.core.tests.http.receiver import Receiver, make_certificate
from mainapp.notifications.tests.transports.browsers import HOST, PushBrowser
from mainapp.notifications.transports.base import Message, Transport
from mainapp.notifications.transports.discord import DiscordTransport
from mainapp.notifications.transports.gotify import GotifyTransport
from mainapp.notifications.transports.ntfy import NtfyTransport
from mainapp.notifications.transports.push import PushTransport
from mainapp.notifications.transports.pushover import PushoverTransport
from mainapp.notifications.transports.slack import SlackTransport
from mainapp.notifications.transports.telegram import TelegramTransport
from mainapp.notifications.transports.webhook import WebhookTransport


@dataclass(frozen=True)
class Service:
    """A transport, the address and secret that a user types, and its service's success body."""

    transport: Callable[[HttpClient], Transport]
    host: str
    typed: tuple[str, str]
    success: bytes
    read: Callable[[bytes], bytes] = bytes  # the message in a request's body


BOT = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
DISCORD_TOKEN = "JHMHI8qBe7bk2ZwO5U711o3dV_jsJHMHI8qBe7bk2ZwO5U711o3dV_js-abc"
KEY, APP = "u" + "a" * 29, "a" + "b" * 29
BROWSER = PushBrowser()
SERVICES = {
    "telegram": Service(
        TelegramTransport,
        "api.telegram.org",
        ("-1001234567890", BOT),
        b'{"ok": true, "result": {"message_id": 1}}',
    ),
    "discord": Service(
        DiscordTransport,
        "discord.com",
        (f"https://discord.com/api/webhooks/4174216298/{DISCORD_TOKEN}", ""),
        b'{"id": "1"}',
    ),
    "slack": Service(
        SlackTransport,
        "hooks.slack.com",
        ("https://hooks.slack.com/services/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", ""),
        b"ok",
    ),
    "pushover": Service(
        PushoverTransport, "api.pushover.net", (KEY, APP), b'{"status": 1, "request": "x"}'
    ),
    "ntfy": Service(
        NtfyTransport,
        "ntfy.example",
        ("https://ntfy.example/meus-avisos", "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"),
        b'{"id": "abc", "event": "message"}',
    ),
    "gotify": Service(
        GotifyTransport,
        "gotify.example",
        ("https://gotify.example/sub", "AbCdEf12345.-_x"),
        b'{"id": 7}',
    ),
    "push": Service(
        PushTransport, HOST, (BROWSER.endpoint, BROWSER.keys), b"", read=BROWSER.decrypt
    ),
    "webhook": Service(
        WebhookTransport, "hook.example", ("https://hook.example/a?b=c", "segredo-do-canal"), b""
    ),
}


@pytest.fixture(scope="session", autouse=True)
def _loaded() -> None:
    """Load httpx and the root certificates first: 0.5 s that would count against a deadline."""
    default_tls()


@pytest.fixture(autouse=True)
def _vapid_key(settings: Any) -> None:
    settings.VAPID_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"  # of RFC 8291


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hosts = [service.host for service in SERVICES.values()]
    return make_certificate(tmp_path_factory.mktemp("tls"), *hosts)


@pytest.fixture
def receiver(certificate: Path) -> Iterator[Receiver]:
    started = Receiver(certificate)
    yield started
    started.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = make_names(monkeypatch)
    names |= {service.host: [[PUBLIC]] for service in SERVICES.values()}
    return names


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Connections:
    made = make_connections(monkeypatch)
    made.port = receiver.port
    return made


@pytest.fixture
def client(names: Names, connections: Connections, certificate: Path) -> HttpClient:
    """Return the production client, except that it trusts the receiver's certificate."""
    return HttpClient(
        headers={"User-Agent": "Pregao"},
        policy=AddressPolicy(),
        truncates=True,
        tls=ssl.create_default_context(cafile=certificate),
    )


@pytest.fixture
def message() -> Callable[..., Message]:
    def make(address: str = "", **fields: Any) -> Message:
        defaults = {
            "subject": "PETR4 caiu",
            "text": "R$ 36,00",
            "message_id": "<firing.7@pregao.example>",
            "created_at": datetime(2026, 1, 2, 13, tzinfo=UTC),
            "url": "https://pregao.example/alerts/",
            **fields,
        }
        return Message(address=address, **defaults)

    return make
