"""Middleware that limits requests for pages and enforces their policies."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

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
from mainapp.pages.errors import too_many_requests
from mainapp.pages.middleware.transport import MACHINE_PAGES

ADDRESS_PAGES = Limit("pages", "PAGES_A_MINUTE_ADDRESS", 60.0)
USER_PAGES = Limit("pages", "PAGES_A_MINUTE_USER", 60.0)


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
