"""The HTTP client: timeouts, one deadline, a size limit, and redirects only on request.

httpx is imported at the first request: a process that sends none (web) saves its 8 MB.
"""

import logging
import math
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from mainapp.core.http.addresses import AddressPolicy, check_url

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT_S = 3.0
TIMEOUT_S = 5.0
MAX_BYTES = 64 * 1024
MAX_RETRY_AFTER_S = 86_400.0

# httpx logs each URL at INFO, httpcore each header at DEBUG; both contain secrets (a Telegram token
# is part of the path), so both are silenced whatever the site's own log level.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Fault = Literal[
    "timeout",  # no complete response by the deadline
    "unknown_host",  # the name has no address
    "unreachable",  # no connection, a broken one, or a certificate that does not match
    "too_big",  # a body above the limit
    "bad_reply",  # a body that cannot be decompressed, or a redirect that may not be followed
]


class HttpError(Exception):
    """A request without a usable response; the text contains neither the URL nor any header."""

    def __init__(self, text: str, *, fault: Fault) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete response, of any status."""

    status: int
    body: bytes
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def retry_after_s(self) -> float | None:
        return parse_retry_after(self.headers.get("Retry-After"), at=datetime.now(UTC))


class HttpClient:
    """Sends requests; safe to use from several threads.

    With a `policy`, addresses are vetted (see `addresses`). With `max_redirects`, redirects are
    followed within the requested site: to the same name or between it and its subdomains, and never
    from https to http. `truncates` cuts a body at `max_bytes` instead of refusing it.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        proxy: str = "",
        policy: AddressPolicy | None = None,
        max_bytes: int = MAX_BYTES,
        truncates: bool = False,
        max_redirects: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self._headers = {"Accept-Encoding": "gzip", **(headers or {})}
        self._proxy = proxy or None
        self._max_bytes = max_bytes
        self._truncates = truncates
        self._max_redirects = max_redirects
        self._tls = tls

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float | None = None,
    ) -> Reply:
        """Return the complete response, received before `deadline`.

        `deadline` is on the clock of time.monotonic; None means TIMEOUT_S from now.
        Raises: HttpError; AddressError for an address that the policy forbids.
        """
        if self.policy:
            check_url(url, self.policy)
        deadline = monotonic() + TIMEOUT_S if deadline is None else deadline
        if deadline <= monotonic():
            raise HttpError("no answer in time", fault="timeout")
        import httpcore
        import httpx

        from mainapp.core.http.connections import UnknownHostError, until

        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)
        try:
            with (
                until(deadline),
                self._client.stream(
                    method,
                    url,
                    params=params,
                    headers=headers,
                    json=json,
                    data=data,
                    content=content,
                    timeout=timeout,
                    extensions={"requested_url": url},
                ) as response,
            ):
                body = self._read(response)
        except httpcore.TimeoutException as error:
            raise HttpError("no answer in time", fault="timeout") from error
        except UnknownHostError as error:
            raise HttpError("the host name cannot be resolved", fault="unknown_host") from error
        except httpx.TooManyRedirects as error:
            raise HttpError("redirects too often", fault="bad_reply") from error
        except httpx.InvalidURL as error:  # its text quotes the URL
            raise HttpError("the URL is not valid", fault="unreachable") from error
        except _connection_errors() as error:
            raise HttpError(str(error) or type(error).__name__, fault="unreachable") from error
        return Reply(response.status_code, body, response.reason_phrase, response.headers)

    def load(self) -> None:
        """Import libraries and read certificates now, not within the first request's deadline."""
        _ = self._client

    @cached_property
    def _client(self) -> "httpx.Client":
        import httpx

        from mainapp.core.http.connections import Transport

        return httpx.Client(
            headers=self._headers,
            transport=Transport(proxy=self._proxy, policy=self.policy, tls=self._tls),
            event_hooks={"request": [_refuse_other_sites, self._vet]},
            follow_redirects=self._max_redirects > 0,
            max_redirects=self._max_redirects,
            trust_env=False,
        )

    def _vet(self, request: "httpx.Request") -> None:
        """Check the URL of each request, also after a redirect. Raises: AddressError."""
        from mainapp.core.http.connections import set_vetted_url

        if self.policy:
            set_vetted_url(check_url(str(request.url), self.policy))

    def _read(self, response: "httpx.Response") -> bytes:
        from mainapp.core.http.connections import check_deadline

        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        chunks, size = [], 0
        for chunk in response.iter_raw():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                if self._truncates:
                    break
                raise HttpError("the answer is too big", fault="too_big")
            check_deadline()
        body = b"".join(chunks)
        return self._unpack(body) if encoding == "gzip" else body[: self._max_bytes]

    def _unpack(self, body: bytes) -> bytes:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            text = unpacker.decompress(body, self._max_bytes)
        except zlib.error as error:
            raise HttpError("the answer cannot be decompressed", fault="bad_reply") from error
        if not self._truncates and (unpacker.unconsumed_tail or not unpacker.eof):
            raise HttpError("the answer is too big, or cut short", fault="too_big")
        return text


def is_same_site(requested_url: str, redirect_url: str) -> bool:
    """Return whether a redirect stays within the requested site.

    Subdomains, in either direction, belong to the same site; a redirect from https to http does
    not.
    """
    before, after = urlsplit(requested_url), urlsplit(redirect_url)
    old, new = before.hostname or "", after.hostname or ""
    is_same_name = old == new or old.endswith(f".{new}") or new.endswith(f".{old}")
    return is_same_name and not (before.scheme == "https" != after.scheme)


def parse_retry_after(header: str | None, *, at: datetime) -> float | None:
    """Return the seconds of a Retry-After header (seconds or a date), capped at one day."""
    if not header:
        return None
    try:
        pause_s = float(header)
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
            pause_s = (until.replace(tzinfo=until.tzinfo or UTC) - at).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(max(pause_s, 0.0), MAX_RETRY_AFTER_S) if math.isfinite(pause_s) else None


def _refuse_other_sites(request: "httpx.Request") -> None:
    url = str(request.url)
    if not is_same_site(request.extensions["requested_url"], url):
        host = urlsplit(url).hostname
        raise HttpError(f"redirects to another site ({host})", fault="bad_reply")


def _connection_errors() -> tuple[type[Exception], ...]:
    import httpcore
    import httpx

    return (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
        httpx.HTTPError,
        httpx.StreamError,
        OSError,
        ValueError,
    )
