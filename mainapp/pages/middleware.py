"""Middleware: refusals before a view runs, page limits and policies, metrics, cookies, caching."""

import logging
import re
from collections.abc import Callable
from time import perf_counter
from typing import Any, cast
from urllib.parse import unquote_plus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.middleware.security import SecurityMiddleware
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from mainapp.accounts import browsers
from mainapp.accounts.models import User
from mainapp.accounts.policies import SecondFactorRequired, is_granted, lacks_second_factor
from mainapp.accounts.selectors.second_factors import has_second_factor
from mainapp.core.addresses import client_address
from mainapp.core.errors import json_response
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import Limit, RateLimited, consume, of_address, of_user
from mainapp.core.policies import (
    PREFIXES,
    STAFF,
    Page,
    Refusal,
    Who,
    operation_policies,
    page_policies,
)
from mainapp.operations.board import meter
from mainapp.pages.errors import content_too_large, forgotten_proxy, too_many_requests
from mainapp.pages.views.preferences import set_language_cookie

ADDRESS_PAGES = Limit("pages", "PAGES_A_MINUTE_ADDRESS", 60.0)
USER_PAGES = Limit("pages", "PAGES_A_MINUTE_USER", 60.0)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SESSION_KEY = re.compile(r"[a-z0-9]{8,40}")
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


def measure_responses(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Record duration and status of responses by view, `none` for responses without a view."""
    observe, count = meter().observe, meter().count

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        response = get_response(request)
        match = request.resolver_match
        view = match.view_name if match else "none"
        observe("response_seconds", view, seconds=perf_counter() - started)
        count("responses", view, str(response.status_code))
        return response

    return middleware


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


def refuse_control_characters(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Respond with 400 if the path or the query contains a control character (Unicode's Cc)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        query = unquote_plus(request.META.get("QUERY_STRING", ""))
        if CONTROL.search(request.path_info + query):
            raise BadRequest("a control character in the address")
        return get_response(request)

    return middleware


def refuse_unreadable_requests(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Respond with 413 or 400 to a request that the middleware in front of Django refused.

    A malformed session cookie is ignored: it may contain a NUL, as `"\\000"`, which PostgreSQL
    refuses to look up.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        scope = getattr(request, "scope", {})
        if scope.get("pregao.body_refused"):
            return content_too_large(request)
        if scope.get("pregao.is_unreadable"):
            raise BadRequest("a header that cannot be read")
        if not SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return get_response(request)

    return middleware


def limit_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Respond with 429 to an address with too many requests for pages.

    Operations of the API have their own limits; static files are served before this middleware.
    Requests of a user are counted by `EnforcePagePolicies`, where a page reads the user anyway.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if _is_counted(request.path_info):
            try:
                consume(ADDRESS_PAGES, of_address(client_address(request)))
            except RateLimited as refusal:
                return too_many_requests(request, refusal.retry_after_s)
        return get_response(request)

    return middleware


def _is_counted(path: str) -> bool:
    if path.startswith("/api/"):
        return not _is_operation(path)
    return path not in MACHINE_PAGES


def _is_operation(path: str) -> bool:
    """Return whether a path is an operation of the API, whose view counts its own requests."""
    try:
        return resolve(path).url_name in operation_policies()
    except Resolver404:
        return False


class EnforcePagePolicies:
    """Check the page's line in a `policies.py` before the view runs.

    For pages that everyone may use, neither session nor user is read: the search for stocks, with
    a request for each letter, costs one query. Requests for other pages are also limited by user.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        assert match is not None
        is_third_party = match.namespaces and match.route.startswith(tuple(PREFIXES))
        if is_third_party and lacks_second_factor(request.user):
            return _second_factor_required(request)
        if is_third_party or match.url_name in operation_policies():
            return None  # the admin and REST framework's views check permissions themselves
        page = page_policies().get(match.url_name or "")
        if page is None:
            raise ImproperlyConfigured(f"no feature's PAGES has a line for {match.route!r}")
        allowed = page.methods.get(request.method or "")
        admitted = page.people if allowed is None else allowed
        if Who.ANONYMOUS not in admitted:
            if not request.user.is_authenticated:
                return _login_required(request, page, kwargs)
            if allowed is not None and not _is_granted_for(request.user, allowed):
                raise PermissionDenied
            if refusal := _member_refusal(request, admitted):
                return refusal
        return HttpResponseNotAllowed(page.methods) if allowed is None else None


def _member_refusal(request: HttpRequest, admitted: Who) -> HttpResponseBase | None:
    """Return the refusal of staff without a second factor, or of a user with too many requests."""
    if not admitted & ~STAFF and lacks_second_factor(request.user):
        return _second_factor_required(request)
    try:
        consume(USER_PAGES, of_user(request.user))
    except RateLimited as refusal:
        return too_many_requests(request, refusal.retry_after_s)
    return None


def _login_required(request: HttpRequest, page: Page, kwargs: dict[str, Any]) -> HttpResponseBase:
    if page.stranger is Refusal.UNAUTHORIZED or "application/json" in request.headers.get(
        "Accept", ""
    ):
        return json_response(DomainError("login_required", _("Entre na sua conta.")))
    target = request.get_full_path()
    if page.login_next:
        target = reverse(page.login_next, kwargs=kwargs)
    return redirect_to_login(target)


def _second_factor_required(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the page where the user activates a second factor, or uses it."""
    error = SecondFactorRequired()
    if "application/json" in request.headers.get("Accept", ""):
        return json_response(error)
    if not has_second_factor(cast(User, request.user)):
        messages.warning(request, gettext("A administração pede um segundo fator: ative um."))
        return redirect("second-factor")
    return redirect_to_login(request.get_full_path(), reverse("confirm-by-factor"))


def _is_granted_for(user: Any, allowed: Who) -> bool:
    """Return whether a user's access level admits them; other rights are checked by the view."""
    if allowed & ~STAFF:
        return True
    return is_granted(user, "support" if Who.SUPPORT in allowed else "admin")


def forbid_storing(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Add `no-store` to responses to logged-in users, unless the view sets a Cache-Control.

    Every page names its reader, and a stored page would be shown to the browser's next user.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if _is_read_by_member(request):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def _is_read_by_member(request: HttpRequest) -> bool:
    """Return whether the request has a logged-in user, without loading a session for this."""
    user = getattr(request, "_cached_user", None)  # of Django's AuthenticationMiddleware
    if user is None and not isinstance(getattr(request, "user", None), SimpleLazyObject):
        user = getattr(request, "user", None)  # set by a log-in or by REST framework
    return bool(user and user.is_authenticated)


def set_log_in_cookies(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """After a log-in, set the cookies of the user's language and of the known browser."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        browsers.set_cookie(request, response)
        if language := getattr(request, "chosen_language", ""):
            set_language_cookie(response, language)
        return response

    return middleware
