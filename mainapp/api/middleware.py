"""JSON instead of error pages below /api/v1/."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import translation

from mainapp.core.errors import api_body
from mainapp.core.exceptions import DomainError, code_for_status

PREFIX = "/api/v1/"
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
