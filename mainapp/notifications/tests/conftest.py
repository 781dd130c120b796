"""Fixtures of the notification tests."""

from collections.abc import Iterator

import pytest

from mainapp.core.tests.http.network import PUBLIC, Names, make_names
from mainapp.notifications.tests.smtp import Mailbox, smtp_server


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The DNS: the hosts of users' own servers have public addresses."""
    names = make_names(monkeypatch)
    names |= {host: [[PUBLIC]] for host in ("hook.example", "ntfy.sh", "gotify.example")}
    return names


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with smtp_server() as box:
        yield box
