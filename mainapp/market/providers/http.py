"""HTTP as the sources need it: bounded in time and size, every fault a ProviderError."""

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from mainapp.market.providers.base import ProviderError

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 8 * 2**20
MAX_TEXT_BYTES = 32 * 2**20
MAX_RETRY_AFTER_S = 86_400.0
USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, its status already known to be a good one."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return what the body says. Raises: ProviderError when it is no JSON."""
        return parse_json(self.body)


class Tally:
    """Counts calls from several threads until they are taken away."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls = 0

    def add(self) -> None:
        with self._lock:
            self._calls += 1

    def take(self) -> int:
        """Return the calls since the last taking."""
        with self._lock:
            calls, self._calls = self._calls, 0
        return calls


class Http:
    """A client of one source; safe to use from several threads."""

    def __init__(self, *, proxy: str = "", headers: Mapping[str, str] | None = None) -> None:
        self._proxy = proxy or None
        self.tally = Tally()
        self._headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **(headers or {})}

    def get(self, url: str, params: Mapping[str, str] | None = None, *, deadline: float) -> Reply:
        """Return the answer, whole by `deadline` (of time.monotonic). Raises: ProviderError."""
        import httpx

        timeout = deadline - monotonic()
        if timeout <= 0:
            raise ProviderError("no answer in time", fault="timeout")
        from mainapp.market.providers.deadlines import until

        self.tally.add()
        try:
            with (
                until(deadline),
                self._client.stream(
                    "GET", url, params=params, timeout=timeout, extensions={"asked": url}
                ) as response,
            ):
                check_status(response.status_code, response.headers.get("Retry-After"))
                body = _read(response, deadline)
        except httpx.TimeoutException as error:
            raise ProviderError("no answer in time", fault="timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise ProviderError(f"no connection: {reason}", fault="unreachable") from error
        return Reply(response.status_code, body)

    @cached_property
    def _client(self) -> "httpx.Client":
        import httpx

        from mainapp.market.providers.deadlines import transport

        return httpx.Client(
            headers=self._headers,
            transport=transport(proxy=self._proxy),
            event_hooks={"request": [_refuse_other_sites]},
            follow_redirects=True,
            max_redirects=3,
            trust_env=False,
        )


def check_site(asked: str, answers: str) -> None:
    """Return when the URL that answers is of the site that was asked. Raises: ProviderError.

    A name's own subdomains are, a connection that is no longer encrypted is not.
    """
    ours, theirs = urlsplit(asked), urlsplit(answers)
    one, other = ours.hostname or "", theirs.hostname or ""
    is_same = one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
    if not is_same or (ours.scheme == "https" != theirs.scheme):
        raise ProviderError(f"sends us to another site ({other})", fault="bad_reply")


def _refuse_other_sites(request: "httpx.Request") -> None:
    check_site(request.extensions["asked"], str(request.url))


def readdressed(url: str, address: str, *, own: str) -> str:
    """Return the URL at another address, whatever its host; as it is where that is the own one."""
    if address == own:
        return url
    base, parts = urlsplit(address), urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))


def check_status(status: int, retry_after: str | None = None) -> None:
    """Return when the status is a good one. Raises: ProviderError that says what it means."""
    pause = retry_after_s(retry_after, at=datetime.now(UTC))
    if status < 300:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ProviderError("asked too often (429)", fault="rate_limited", retry_after=pause)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED):
        raise ProviderError(f"access refused ({status})", fault="unauthorized", permanent=True)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
        raise ProviderError(f"not known there ({status})", fault="not_given", permanent=True)
    if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        raise ProviderError(
            f"the source is broken ({status})", fault="server_error", retry_after=pause
        )
    raise ProviderError(f"refused ({status})", permanent=True)


def retry_after_s(header: str | None, *, at: datetime) -> float | None:
    """Return the seconds of a Retry-After, given as seconds or as a date, at most a day's."""
    if not header:
        return None
    try:
        pause = float(header)
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
            pause = (until.replace(tzinfo=until.tzinfo or UTC) - at).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(max(pause, 0.0), MAX_RETRY_AFTER_S) if math.isfinite(pause) else None


def parse_json(body: bytes | str) -> Any:
    """Return what JSON says, NaN and infinities as floats. Raises: ProviderError for no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:200].lstrip()[:1]
        what = "a web page" if start in (b"<", "<") else "text" if body else "nothing"
        raise ProviderError(f"{what} instead of JSON", fault="bad_reply") from error


def _read(response: "httpx.Response", deadline: float) -> bytes:
    is_packed = response.headers.get("Content-Encoding", "").strip().lower() == "gzip"
    chunks, size = [], 0
    for chunk in response.iter_raw():
        size += len(chunk)
        if size > MAX_BYTES:
            raise ProviderError("the answer is too big", fault="bad_reply")
        if monotonic() > deadline:
            raise ProviderError("no whole answer in time", fault="timeout")
        chunks.append(chunk)
    body = b"".join(chunks)
    return _unpack(body) if is_packed else body


def _unpack(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(body, MAX_TEXT_BYTES)
    except zlib.error as error:
        raise ProviderError("the answer cannot be unpacked", fault="bad_reply") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ProviderError("the answer is too big, or cut short", fault="bad_reply")
    return text
