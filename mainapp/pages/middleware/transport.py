"""Middleware of transport: hosts, HTTPS and compression."""

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.middleware.security import SecurityMiddleware

from mainapp.core.addresses import client_address
from mainapp.pages.errors import forgotten_proxy

# Polled by monitoring; they respond even without Redis.
MACHINE_PAGES = ("/healthz", "/readyz", "/metrics")
MAX_NAMED_PROXIES = 5
FORGOTTEN = (
    "%s forwards https requests, but TRUSTED_PROXIES does not contain it: add it if it is your "
    "proxy, so that its X-Forwarded-Proto and X-Forwarded-For are trusted"
)
SILENT = (
    "a proxy sends X-Forwarded-For without X-Forwarded-Proto: if it ends TLS, let it send that "
    "too, or every page is redirected to itself for ever"
)
COMPRESSED_KINDS = ("application/json", "application/vnd.oai.openapi+json")

logger = logging.getLogger(__name__)


def accept_any_host_from_machines(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Accept any Host header for monitoring pages: balancers send the machine's address.

    These pages contain no links, which a forged Host could lead elsewhere.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info in MACHINE_PAGES:
            request.get_host = request._get_raw_host  # type: ignore[attr-defined,method-assign]
        return get_response(request)

    return middleware


class RequireHttps(SecurityMiddleware):
    """Redirects to https and adds security headers; logs a proxy that TRUSTED_PROXIES lacks.

    Its requests came by https, but count as http, so a redirect to https would never end.
    The same may happen behind a proxy that does not send the scheme of a request.
    """

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._logged: set[tuple[str, ...]] = set()

    def process_request(  # type: ignore[override] # django-stubs expects redirects alone
        self, request: HttpRequest
    ) -> HttpResponseBase | None:
        redirect = super().process_request(request)
        if request.is_secure():
            return redirect
        scheme = request.headers.get("X-Forwarded-Proto")
        if scheme == "https":
            self._log_once(FORGOTTEN, client_address(request) or "a unix socket's peer")
            return forgotten_proxy(request) if redirect else None
        if redirect and scheme is None and "X-Forwarded-For" in request.headers:
            self._log_once(SILENT)
        return redirect

    def _log_once(self, message: str, *proxy: str) -> None:
        """Log a line once. The number is limited, because strangers can send the headers too."""
        line = (message, *proxy)
        if line not in self._logged and len(self._logged) < MAX_NAMED_PROXIES:
            self._logged.add(line)
            logger.error(*line)


class CompressText(GZipMiddleware):
    """Compresses pages and other text, but not pictures and archives, which are compressed already.

    The length of a compressed page reveals whether a text that an attacker put into it resembles a
    secret in it (BREACH). Django therefore adds a random number of bytes to each response, and
    masks its CSRF tokens differently each time.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind.startswith("text/") or kind in COMPRESSED_KINDS:
            return super().process_response(request, response)
        return response
