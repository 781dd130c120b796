"""Middleware that measures responses, and adds cookies and `no-store` to them."""

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from mainapp.accounts import browsers
from mainapp.operations.board import meter
from mainapp.pages.views.preferences import set_language_cookie


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
