"""Contents of outsiders' requests: bodies generated from the API's schema, and form fields."""

import re
from functools import cache
from typing import Any
from urllib.parse import urlencode

from mainapp.api.schema.generator import CachedGenerator

UNSAFE = ("post", "put", "patch", "delete")
# Form fields that refer to a row of a club by its id.
FORM_FIELDS = [
    *("club", "room", "idea", "event", "list", "watchlist", "alert", "order", "upload"),
    *("item", "product_id", "object", "subject_id", "pk", "id"),
]


def request_arguments(method: str, address: str, pk: int, slug: str) -> dict[str, Any]:
    """Return the client's arguments: a JSON body for an operation, a form for a page."""
    if method == "get":
        return {}
    if not address.startswith("/api/"):
        data = dict.fromkeys(FORM_FIELDS, str(pk)) | {"slug": slug}
        if method == "post":
            return {"data": data}
        return {"data": urlencode(data), "content_type": "application/x-www-form-urlencoded"}
    return {"data": _body_of(method, address, pk, slug), "content_type": "application/json"}


@cache
def _patterns(pk: int, slug: str) -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    return [
        (method, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), body)
        for (method, path), body in bodies(pk, slug).items()
    ]


def _body_of(method: str, address: str, pk: int, slug: str) -> dict[str, Any]:
    path = address.partition("?")[0]
    return next(
        (
            body
            for name, pattern, body in _patterns(pk, slug)
            if name == method and pattern.fullmatch(path)
        ),
        {},
    )


def bodies(pk: int, slug: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return a JSON body of each operation by (method, path), generated from the API's schema.

    Its ids are `pk`, its clubs `slug`.
    """
    schema: Any = CachedGenerator().get_schema(request=None, public=True)
    found = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if shape := content.get("application/json", {}).get("schema"):
                found[method, path] = _example(shape, schema, pk, slug)
    return found


def _example(shape: Any, schema: Any, pk: int, slug: str, name: str = "") -> Any:
    while "$ref" in shape or "allOf" in shape or "oneOf" in shape or "anyOf" in shape:
        if "$ref" in shape:
            shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
        else:
            shape = next(shape[key] for key in ("allOf", "oneOf", "anyOf") if key in shape)[0]
    kind = shape.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if "enum" in shape:
        return shape["enum"][0]
    if kind == "object":
        properties = shape.get("properties", {}).items()
        return {
            key: _example(value, schema, pk, slug, key)
            for key, value in properties
            if not value.get("readOnly")
        }
    if kind == "array":
        return [_example(shape.get("items", {}), schema, pk, slug, name)]
    if name in ("club", "slug"):
        return slug
    return {"integer": pk, "number": 1, "boolean": True}.get(kind, _text(shape, name))


def _text(shape: Any, name: str) -> str:
    formats = {"date": "2027-01-04", "date-time": "2027-01-04T12:00:00Z", "decimal": "10.00"}
    if shape.get("format") in formats:
        return formats[shape["format"]]
    return "PETR4" if name in ("stock", "symbol", "ativo") else "texto"
