"""Fixtures of the notification tests."""

from collections.abc import Iterator

import pytest

from mainapp.notifications.tests.smtp import Mailbox, smtp_server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with smtp_server() as box:
        yield box
