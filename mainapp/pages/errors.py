"""Error pages, rendered without session, CSRF token, nonce or path.

The page for a foreign object must be equal to that for a missing one, byte by byte.
"""

import logging
import sys
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_noop as _

from mainapp.core.contexts import current_request_id
from mainapp.core.database import RETRY_AFTER_S, is_unavailable
from mainapp.core.errors import json_response, wait_sentence
from mainapp.core.exceptions import DomainError
from mainapp.core.pictures.stores import MediaUnavailable
from mainapp.market.context import market

FORGOTTEN_PROXY = _(
    "Quem administra este site precisa incluir em TRUSTED_PROXIES o proxy que repassa os pedidos. "
    "O log do servidor traz o endereço dele."
)

RETRY_S = 60

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "403.html", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, "403_csrf.html", 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", 404)


def too_many_requests(request: HttpRequest, wait_s: float | None = None) -> HttpResponse:
    """Return the page of a refused request, with the time to wait if it is known."""
    wait = "" if wait_s is None else wait_sentence(ceil(wait_s))
    response = _page(request, "429.html", 429, wait=wait)
    response["Retry-After"] = str(RETRY_S if wait_s is None else ceil(wait_s))
    return response


def content_too_large(request: HttpRequest) -> HttpResponse:
    return _page(request, "413.html", 413)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return a page without dependencies, because any of them may be the cause of the error.

    If the database or the bucket of media is the cause, the status is 503, and each request is
    logged in one line instead of a traceback. Django calls this in its `except` block, so the error
    is the current exception.
    """
    error = sys.exception()
    if not is_unavailable(error) and not isinstance(error, MediaUnavailable):
        return _page(request, "500.html", 500, request_id=current_request_id())
    logger.warning("a request had no database or no media: %s", " ".join(str(error).split()))
    response = _page(request, "503.html", 503)
    response._has_been_logged = True  # type: ignore[attr-defined] # Django's own mark
    response["Retry-After"] = str(RETRY_AFTER_S)
    response["Cache-Control"] = "no-store"
    return response


def forgotten_proxy(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        response: HttpResponse = json_response(DomainError("internal", FORGOTTEN_PROXY))
    else:
        response = _page(request, "500_proxy.html", 500)
    response._has_been_logged = True  # type: ignore[attr-defined] # Django's own mark
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, template: str, status: int, **more: str) -> HttpResponse:
    return HttpResponse(render_to_string(template, {**market(request), **more}), status=status)
