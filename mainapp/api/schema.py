"""Additions to the OpenAPI document that drf-spectacular cannot derive from the views."""

from typing import Any

from django.conf import settings
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from mainapp.core.exceptions import DomainError, code_for_status

MUTATIONS = ("post", "put", "patch", "delete")
# Statuses that any operation may return.
COMMON = (400, 401, 429, 500, 503)
KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A repeated request takes effect once and gets the same answer.",
}


class Schema(AutoSchema):
    """Describes an operation; adds the header `Idempotency-Key` where it is accepted."""

    def get_operation(self, *args: Any, **options: Any) -> Any:
        operation = super().get_operation(*args, **options)
        is_mutation = self.method.lower() in MUTATIONS
        if operation and is_mutation and getattr(self.view, "accepts_key", False):
            operation.setdefault("parameters", []).append(KEY)
        return operation


class BearerScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call] # registers itself
    target_class = "mainapp.api.authentication.Bearer"
    name = "token"


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the same
    target_class = "mainapp.api.authentication.SiteSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> Any:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def declare_errors(result: Any, **_kwargs: Any) -> Any:
    """Declare the error responses of every operation, all of one shape."""
    result["components"]["schemas"]["Error"] = {
        "type": "object",
        "description": "The body of every error; `fields` has the messages of each wrong field.",
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string"},
            "fields": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        },
        "required": ["code", "message", "fields"],
    }
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status in _error_statuses(path, method, operation):
                operation["responses"].setdefault(str(status), _error_response(status))
    return result


def _error_statuses(path: str, method: str, operation: Any) -> set[int]:
    statuses = set(COMMON)
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if "{" in path or "page" in names:
        statuses.add(404)
    if method in MUTATIONS:
        statuses |= {403, 409}
    if "requestBody" in operation:
        statuses |= {413, 415}
    return statuses


def _error_response(status: int) -> Any:
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": str(DomainError(code_for_status(status))), "content": body}
