"""What a page would tell of a refusal, told as JSON below /api/v1/."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import translation

from mainapp.api.errors import error_body

PREFIX = "/api/v1/"
KEPT = ("Retry-After", "Allow", "Vary")


def answer_in_json(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Replace the error pages of what refuses before or beside the API's views."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_page = not response.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or not is_page or not request.path_info.startswith(PREFIX):
            return response
        with translation.override(translation.get_language_from_request(request)):
            told = JsonResponse(error_body(response.status_code), status=response.status_code)
        for name in KEPT:
            if name in response:
                told[name] = response[name]
        told.headers["Cache-Control"] = "no-store"
        return told

    return middleware
