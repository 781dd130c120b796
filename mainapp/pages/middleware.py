"""What no page of ours answers: control characters in an address."""

from collections.abc import Callable
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase


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
