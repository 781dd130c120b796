"""The protocol of all transports, their message type and their error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message for one address.

    `address` may be shown to its owner, `secret` (a bot's token, an application's key) never.
    `message_id` stays the same in every attempt, so that a receiver can recognise a repetition.
    `text` is plain, `html` may be empty, `url` is absolute or empty; `headers` are an e-mail's, or
    the details of a web push: `topic`, `urgency`, `silence` and its texts.
    """

    address: str
    subject: str
    text: str
    message_id: str
    created_at: datetime
    html: str = ""
    url: str = ""
    secret: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A valid address in its stored form, and the key that belongs to it."""

    address: str
    secret: str = ""


class TransportError(Exception):
    """A failed attempt; with `permanent`, a further attempt would not help.

    The text is shown to the owner of the address: one line, without secrets; our own messages are
    translated. `retry_after_s` is the pause that the service requested, `new_address` the address
    that it reports as the current one. `is_ours` means that the site's own set-up failed, not the
    address; `is_unknown`, that the message may have arrived; `is_gone`, that the address never
    comes back, so that its channel is removed. `detail` is for the log only.
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
        new_address: str = "",
        is_ours: bool = False,
        is_unknown: bool = False,
        is_gone: bool = False,
        detail: str = "",
    ) -> None:
        super().__init__(" ".join(text.split())[:300])
        self.permanent = permanent
        self.is_ours = is_ours
        self.is_unknown = is_unknown
        self.is_gone = is_gone
        self.detail = " ".join(detail.split())[:500]
        self.retry_after_s = retry_after_s
        self.new_address = new_address


class Transport(Protocol):
    """Sends messages; called from several threads at once."""

    def check(self, address: str, secret: str = "") -> Target:
        """Return a typed address in its stored form; contacts nobody.

        Raises: TransportError for an address that can never be used.
        """
        ...

    def send(self, message: Message) -> None:
        """Deliver the message within a bounded time. Raises: TransportError."""
        ...
