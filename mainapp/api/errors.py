"""Exceptions of the API's views as responses `{"code", "message", "fields"}`."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_noop as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError

from mainapp.core.errors import api_body, api_headers
from mainapp.core.exceptions import DomainError, code_for_status

GENERAL = "non_field_errors"


def exception_response(error: Exception, context: Any) -> Response | None:
    """Return the response to an exception of a view; None for a defect, which becomes a 500."""
    if isinstance(error, TokenError):
        error = exceptions.AuthenticationFailed()
    if isinstance(error, Http404 | ObjectDoesNotExist):
        error = DomainError("not_found")
    if isinstance(error, PermissionDenied):
        error = DomainError("forbidden")
    if isinstance(error, DomainError):
        return _response(error)
    if isinstance(error, exceptions.APIException):
        response = _response(_domain_error(error))
        if challenge := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = challenge
        return response
    return None


def _response(error: DomainError) -> Response:
    return Response(api_body(error), error.status, headers=api_headers(error))


def _domain_error(error: exceptions.APIException) -> DomainError:
    if isinstance(error, exceptions.ValidationError):
        fields = errors_by_field(error.detail)
        general = fields.pop(GENERAL, [])
        if general:
            return DomainError("invalid", "%(error)s", {"error": general[0]}, fields=fields)
        return DomainError("invalid", _("Confira os campos."), fields=fields)
    code = code_for_status(error.status_code)
    return DomainError(code, retry_after_s=getattr(error, "wait", None))


def errors_by_field(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return the messages of each field; a field within a field is named `outer.inner`."""
    if isinstance(detail, dict):
        errors: dict[str, list[str]] = {}
        for name, inner in detail.items():
            errors |= errors_by_field(inner, f"{prefix}.{name}" if prefix else str(name))
        return errors
    items = detail if isinstance(detail, list) else [detail]
    return {prefix or GENERAL: [str(item) for item in items]}
