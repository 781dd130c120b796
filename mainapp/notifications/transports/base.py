"""What every transport takes, does and raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message for one address.

    `message_id` stays the same however often it is tried: who gets it twice can tell by it. `text`
    is plain, `html` may be empty, `url` is absolute or empty; `headers` are an e-mail's.
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


class TransportError(Exception):
    """A message that did not go out; with `permanent`, trying again would not help.

    Its text is shown to the owner of the address, translated where it is ours: one line, without
    secrets.
    """

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        super().__init__(" ".join(text.split())[:300])
        self.permanent = permanent


class Transport(Protocol):
    """Sends parcels; called from several threads at once."""

    def check(self, address: str) -> str:
        """Return an address as it is kept. Raises: TransportError for one never to be used.

        Contacts nobody.
        """
        ...

    def send(self, parcel: Parcel) -> None:
        """Hand the parcel over, within a bounded time. Raises: TransportError."""
        ...
