"""The HTTP client of a source: counts calls and converts every fault to a ProviderError."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

from mainapp.core.http.client import (
    Fault,
    HttpClient,
    HttpError,
    Reply,
    is_same_site,
    parse_retry_after,
)
from mainapp.core.names import printable_line
from mainapp.market.providers import base
from mainapp.market.providers.base import ProviderError, RefusedError

MAX_BYTES = 16 * 2**20  # brapi's list of the whole market has 0.4 MB
MAX_REDIRECTS = 3
MAX_WORDS = 160
WORDS = ("message", "error", "msg", "Error Message")  # the field of a refusal's message
USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
FAULTS: Mapping[Fault, base.Fault] = {
    "timeout": "timeout",
    "unknown_host": "unreachable",
    "unreachable": "unreachable",
    "too_big": "bad_reply",
    "bad_reply": "bad_reply",
}


class CallCounter:
    """A thread-safe counter of calls."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls = 0

    def add(self) -> None:
        with self._lock:
            self._calls += 1

    def pop(self) -> int:
        """Return the number of calls since the last `pop`."""
        with self._lock:
            calls, self._calls = self._calls, 0
        return calls


class SourceClient:
    """The client of one source; thread-safe."""

    def __init__(
        self, *, proxy: str = "", headers: Mapping[str, str] | None = None, secret: str = ""
    ) -> None:
        self.counter = CallCounter()
        # A refusal may repeat the token, and its message is shown on a public page.
        self._token = secret or (headers or {}).get("Authorization", "").rpartition(" ")[2]
        self._client = HttpClient(
            headers={"User-Agent": USER_AGENT, **(headers or {})},
            proxy=proxy,
            max_bytes=MAX_BYTES,
            max_redirects=MAX_REDIRECTS,
        )

    def load(self) -> None:
        self._client.load()

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        deadline: float,
        refusals: Collection[int] = (),
    ) -> Reply:
        """Return a successful reply, complete before `deadline` (of time.monotonic).

        A reply with one of the statuses `refusals` and a message is a RefusedError.
        Raises: ProviderError.
        """
        if deadline <= monotonic():
            raise ProviderError("no answer in time", fault="timeout")
        self.counter.add()
        try:
            reply = self._client.request("GET", url, params=params, deadline=deadline)
        except HttpError as error:
            text = f"no connection: {error}" if error.fault == "unreachable" else str(error)
            raise ProviderError(text, fault=FAULTS[error.fault]) from error
        if reply.status in refusals and (words := refusal_words(reply.body, self._token)):
            raise RefusedError(reply.status, words)
        check_status(reply.status, reply.headers.get("Retry-After"))
        return reply


def check_site(requested_url: str, final_url: str) -> None:
    """Refuse a redirect to another site. Raises: ProviderError."""
    if not is_same_site(requested_url, final_url):
        host = urlsplit(final_url).hostname
        raise ProviderError(f"redirects to another site ({host})", fault="bad_reply")


def move_url(url: str, address: str, *, default: str) -> str:
    """Return `url` moved to another scheme, host and base path; unchanged for the default."""
    if address == default:
        return url
    base_url, parts = urlsplit(address), urlsplit(url)
    path = base_url.path + parts.path
    return urlunsplit((base_url.scheme, base_url.netloc, path, parts.query, ""))


def check_status(status: int, retry_after: str | None = None) -> None:
    """Raise a ProviderError with the fault of an HTTP status, except for a successful one."""
    if status < 300:
        return
    pause_s = parse_retry_after(retry_after, at=datetime.now(UTC))
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.IM_A_TEAPOT):  # Binance: still too many
        raise ProviderError(
            f"too many requests ({status})", fault="rate_limited", retry_after=pause_s
        )
    if status in (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    ):
        raise ProviderError(f"access refused ({status})", fault="unauthorized", permanent=True)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
        raise ProviderError(f"not found ({status})", fault="not_given", permanent=True)
    if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        raise ProviderError(
            f"the source is broken ({status})", fault="server_error", retry_after=pause_s
        )
    raise ProviderError(f"refused ({status})", permanent=True)


def refusal_words(body: bytes, token: str = "") -> str:
    """Return the message of a refusal as one line of printable characters, or an empty string.

    The token is replaced by an ellipsis.
    """
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    values = [reply.get(name) for name in WORDS] if isinstance(reply, dict) else []
    text = next((value for value in values if isinstance(value, str)), "")
    for form in {token, quote(token, safe=""), quote_plus(token)} if token else ():
        text = text.replace(form, "…")  # a message may quote the URL
    return printable_line(text)[:MAX_WORDS]


def parse_json(body: bytes | str) -> Any:
    """Parse JSON; NaN and infinities become floats. Raises: ProviderError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:200].lstrip()[:1]
        kind = "a web page" if start in (b"<", "<") else "text" if body else "nothing"
        raise ProviderError(f"{kind} instead of JSON", fault="bad_reply") from error
