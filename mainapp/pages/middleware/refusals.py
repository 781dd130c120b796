"""Middleware that refuses requests which no view should read."""

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase

from mainapp.pages.errors import content_too_large

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SESSION_KEY = re.compile(r"[a-z0-9]{8,40}")


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
