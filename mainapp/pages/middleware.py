"""What no page of ours answers, how long the others take, and the language of a log-in."""

from collections.abc import Callable
from time import perf_counter
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from mainapp.pages.board import meter
from mainapp.pages.errors import content_too_large
from mainapp.pages.views.preferences import keep_language


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
