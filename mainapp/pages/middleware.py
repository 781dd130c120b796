"""Limits of pages, requests that no page answers, response times, and the language of a log-in."""

from collections.abc import Callable
from time import perf_counter
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from mainapp.core.addresses import client_address
from mainapp.core.limits import Limit, RateLimited, consume, of_address, of_user
from mainapp.pages.board import meter
from mainapp.pages.errors import content_too_large, too_many_requests
from mainapp.pages.views.preferences import keep_language

ADDRESS_PAGES = Limit("pages", "PAGES_A_MINUTE_ADDRESS", 60.0)
USER_PAGES = Limit("pages", "PAGES_A_MINUTE_USER", 60.0)
# Polled by whatever watches the instance, and answered without Redis.
MACHINE_PAGES = ("/healthz", "/readyz", "/metrics")
# They belong to no operation of the API, and a schema is expensive.
API_PAGES = ("/api/docs/", "/api/schema/")


def measure_responses(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Count by view how long responses take; what belongs to no view is counted as `none`."""
    observe = meter().observe

    def middleware(request: HttpRequest) -> HttpResponseBase:
        begun = perf_counter()
        response = get_response(request)
        match = request.resolver_match
        observe(match.view_name if match else "none", perf_counter() - begun)
        return response

    return middleware


def refuse_control_characters(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 400 when the path or the query holds a control character (Unicode's Cc)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        query = unquote_plus(request.META.get("QUERY_STRING", ""))
        if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in request.path_info + query):
            raise BadRequest("a control character in the address")
        return get_response(request)

    return middleware


def refuse_large_bodies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 413 to a request whose body the server did not take."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if getattr(request, "scope", {}).get("pregao.body_refused"):
            return content_too_large(request)
        return get_response(request)

    return middleware


def limit_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 429 to an address or a user that asks for too many pages.

    Operations of the API have limits of their own; static files never come here.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if _is_counted(request.path_info):
            try:
                consume(ADDRESS_PAGES, of_address(client_address(request)))
                if request.user.is_authenticated:
                    consume(USER_PAGES, of_user(request.user))
            except RateLimited as refusal:
                return too_many_requests(request, refusal.retry_after_s)
        return get_response(request)

    return middleware


def _is_counted(path: str) -> bool:
    if path.startswith("/api/"):
        return path in API_PAGES
    return path not in MACHINE_PAGES and not path.startswith(settings.MEDIA_URL)


def keep_chosen_language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give a browser in which somebody logs in the language that they prefer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if language := getattr(request, "chosen_language", ""):
            keep_language(response, language)
        return response

    return middleware
