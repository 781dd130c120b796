"""Other addresses of operations, and JSON instead of error pages below /api/."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import translation

from mainapp.core.errors import api_body
from mainapp.core.exceptions import DomainError, code_for_status

API, PREFIX = "/api/", "/api/v1/"
# Pages below API that are not operations.
PAGES = ("schema/", "docs/")
# Addresses in other services of operations that have another one here.
SYNONYMS = {
    "register/": "accounts/register/",
    "token/": "accounts/token/",
    "token/refresh/": "accounts/refresh/",
    "user/": "accounts/user/",
}
COPIED_HEADERS = ("Retry-After", "Allow", "Vary")


def answer_in_json(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Replace the HTML error pages of middlewares and of unknown addresses by the API's errors."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_page = not response.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or not is_page or not request.path_info.startswith(PREFIX):
            return response
        with translation.override(translation.get_language_from_request(request)):
            error = DomainError(code_for_status(response.status_code))
            json_response = JsonResponse(api_body(error), status=response.status_code)
        for name in COPIED_HEADERS:
            if name in response:
                json_response[name] = response[name]
        json_response.headers["Cache-Control"] = "no-store"
        return json_response

    return middleware


def accept_other_addresses(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Resolve every address of an operation as its address below /api/v1/, without a redirect.

    A client would repeat a redirected POST as a GET. `request.path` stays as the client wrote it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if f"{request.path_info}/".startswith(API):
            request.path_info = canonical_path(request.path_info)
        return get_response(request)

    return middleware


def canonical_path(path: str) -> str:
    """Return the path below /api/v1/ of any path below /api/, with its final slash."""
    whole = path if path.endswith("/") else f"{path}/"
    rest = whole.removeprefix(API).removeprefix("v1/")
    return API + rest if rest in PAGES else PREFIX + SYNONYMS.get(rest, rest)
