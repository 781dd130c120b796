"""The errors of every operation, each with its codes."""

from collections.abc import Iterable
from typing import Any

from mainapp.api.schema.texts import Text
from mainapp.core.exceptions import STATUSES, DomainError
from mainapp.core.policies import Operation

MUTATIONS = ("post", "put", "patch", "delete")
# Codes that any operation may return.
COMMON = ("bad_request", "login_required", "rate_limited", "internal", "unavailable")
ERROR = {
    "type": "object",
    "description": "The body of every error; `fields` has the messages of each wrong field.",
    "properties": {
        "code": {"type": "string", "enum": list(STATUSES)},
        "message": {"type": "string"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "request_id": {"type": "string", "description": "Only of `internal`: finds it in the log."},
    },
    "required": ["code", "message", "fields"],
}


def declare_errors(*, operation: Any, method: str, path: str, text: Text, line: Operation) -> None:
    """Add the error responses to an operation of the document."""
    codes = {*COMMON, *text.errors, *_codes(operation, method, path, line)}
    by_status: dict[int, list[str]] = {}
    for code in STATUSES:
        if code in codes:
            by_status.setdefault(STATUSES[code], []).append(code)
    for status, names in sorted(by_status.items()):
        operation["responses"][str(status)] = _response(names)


def _codes(operation: Any, method: str, path: str, line: Operation) -> Iterable[str]:
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    # A key without the scope; a key where none is accepted, or a session without a CSRF token.
    yield "insufficient_scope" if line.scope_of(method) else "forbidden"
    if method in MUTATIONS:
        yield from ("forbidden", "invalid", "too_large", "unsupported_media_type")
    if any(parameter.get("in") == "query" for parameter in operation.get("parameters", ())):
        yield "invalid"
    if "{" in path or "page" in parameters:
        yield "not_found"
    if "Idempotency-Key" in parameters:
        yield "conflict"


def _response(codes: list[str]) -> Any:
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Error"},
            {"type": "object", "properties": {"code": {"type": "string", "enum": codes}}},
        ]
    }
    examples = {code: {"value": _example(code)} for code in codes}
    body = {"application/json": {"schema": schema, "examples": examples}}
    return {"description": str(DomainError(codes[0])), "content": body}


def _example(code: str) -> Any:
    fields = {"name": ["Este campo não existe aqui."]} if code == "invalid" else {}
    return {"code": code, "message": str(DomainError(code)), "fields": fields}
