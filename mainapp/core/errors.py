"""Rendering of domain errors as API bodies, socket frames and parts of pages."""

from math import ceil
from types import TracebackType
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, JsonResponse
from django.utils.translation import ngettext

from mainapp.core.contexts import current_request_id
from mainapp.core.exceptions import DomainError, clean

MINUTE_S, HOUR_S = 60, 3600


def api_body(error: DomainError) -> dict[str, Any]:
    """Return the body of an API response; each field has a list of messages."""
    fields = {
        name: text if isinstance(text, list | tuple) else [str(text)]
        for name, text in error.fields.items()
    }
    body = {"code": error.code, "message": str(error), "fields": clean(fields)}
    return body | _request_id(error)


def api_headers(error: DomainError) -> dict[str, str]:
    if error.retry_after_s is None:
        return {}
    return {"Retry-After": str(ceil(error.retry_after_s))}


def error_frame(error: DomainError, frame_id: Any = None) -> dict[str, Any]:
    """Return a socket's `error` frame; `fields` and `retry_after_s` only if the error has them."""
    frame = {"type": "error", "code": error.code, "detail": str(error), "id": clean(frame_id)}
    if error.fields:
        frame["fields"] = clean(error.fields)
    if error.retry_after_s is not None:
        frame["retry_after_s"] = error.retry_after_s
    return {**frame, **clean(error.wire), **_request_id(error)}


def _request_id(error: DomainError) -> dict[str, str]:
    """Return the request id of an internal error, by which the log has it; otherwise nothing."""
    request_id = current_request_id()
    return {"request_id": request_id} if error.code == "internal" and request_id else {}


def json_response(error: DomainError) -> JsonResponse:
    """Return the response of a page URL that only scripts request."""
    body = api_body(error) | clean(error.wire)
    return JsonResponse(body, status=error.status, headers=api_headers(error))


def page_sentence(error: DomainError) -> str:
    """Return the sentence for a page, with the time to wait if the request may succeed later."""
    wait_s = error.retry_after_s
    return str(error) if wait_s is None else f"{error} {wait_sentence(ceil(wait_s))}"


def wait_sentence(wait_s: int) -> str:
    """Return a sentence with the time after which a request may succeed."""
    if wait_s > HOUR_S:
        n = ceil(wait_s / HOUR_S)
        text = ngettext("Tente em %(n)s hora.", "Tente em %(n)s horas.", n)
    elif wait_s > 2 * MINUTE_S:
        n = ceil(wait_s / MINUTE_S)
        text = ngettext("Tente em %(n)s minuto.", "Tente em %(n)s minutos.", n)
    else:
        n = wait_s
        text = ngettext("Tente em %(n)s segundo.", "Tente em %(n)s segundos.", n)
    return text % {"n": n}


class _Shown:
    """Base of the context managers that show a DomainError and end their block."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, DomainError):
            return False
        self.show(error)
        return True

    def show(self, error: DomainError) -> None:
        raise NotImplementedError


class shown_in_form(_Shown):
    """Turn a DomainError of the block into an error of the form, or of one of its fields.

    with shown_in_form(form, "name"):
        create_list(owner=request.user, name=form.cleaned_data["name"])
        return redirect("watchlists")
    """

    def __init__(self, form: BaseForm, field: str | None = None) -> None:
        self._form, self._field = form, field

    def show(self, error: DomainError) -> None:
        self._form.add_error(self._field, page_sentence(error))


class shown_as_message(_Shown):
    """Turn a DomainError of the block into a message on the next page."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def show(self, error: DomainError) -> None:
        messages.error(self._request, page_sentence(error))
