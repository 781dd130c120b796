"""Every refusal as `{"code", "message", "fields"}`, in the reader's language."""

from math import ceil
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError

from mainapp.api.policies import STATUSES, code_for
from mainapp.core.exceptions import DomainError

Body = dict[str, Any]


class Refused(exceptions.APIException):
    """A refusal of the API itself, with its code and a sentence, or the status's own."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message, code)
        self.status_code, self.code = status, code


def error_body(status: int, *, code: str = "", message: str = "", fields: Any = None) -> Body:
    """Return the body of an answer that refuses."""
    return {
        "code": code or code_for(status),
        "message": message or sentence_for(status),
        "fields": fields or {},
    }


def sentence_for(status: int) -> str:
    return {
        400: _("O pedido não faz sentido."),
        401: _("Entre na sua conta, ou mande um token que valha."),
        403: _("Você não tem permissão para isso."),
        404: _("Isto não existe."),
        405: _("Este método não existe aqui."),
        409: _("O pedido não combina com o que já foi feito."),
        413: _("O pedido é grande demais."),
        415: _("Só JSON é aceito."),
        429: _("Pedidos demais; espere um pouco."),
        503: _("Fora do ar por um momento; tente de novo."),
    }.get(status, _("Algo deu errado deste lado."))


def answer(error: Exception, context: Any) -> Response | None:
    """Return what a client is told of an exception; None for a defect, which is a 500."""
    if isinstance(error, DomainError):
        return _of_domain(error)
    if isinstance(error, TokenError):
        error = exceptions.AuthenticationFailed()
    if isinstance(error, Http404 | ObjectDoesNotExist):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _of_domain(error: DomainError) -> Response:
    code = "limit_reached" if error.code == "invalid" and "limit" in error.extra else error.code
    status = STATUSES.get(code, 400)
    message = str(error.detail) % error.extra if error.detail else ""
    fields = error.extra.get("fields") or {}
    listed = {
        name: text if isinstance(text, list) else [str(text)] for name, text in fields.items()
    }
    response = Response(error_body(status, code=code, message=message, fields=listed), status)
    if wait_s := error.extra.get("retry_after_s"):
        response["Retry-After"] = str(ceil(wait_s))
    return response


def _of_framework(error: exceptions.APIException) -> Response:
    status = error.status_code
    if isinstance(error, exceptions.ValidationError):
        fields = flat(error.detail)
        general = fields.pop("non_field_errors", [])
        message = general[0] if general else _("Confira os campos.")
        body = error_body(status, code="invalid", message=message, fields=fields)
    elif isinstance(error, Refused):
        body = error_body(status, code=error.code, message=str(error.detail))
    else:
        body = error_body(status)
    response = Response(body, status)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if (wait_s := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(ceil(wait_s))
    return response


def flat(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return the messages by field, of a field within a field by `outer.inner`."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            found |= flat(inner, f"{prefix}.{name}" if prefix else str(name))
        return found
    items = detail if isinstance(detail, list) else [detail]
    return {prefix or "non_field_errors": [str(item) for item in items]}
