"""Examples of responses, made from their schemas and from values by the name of a field."""

from collections.abc import Mapping
from typing import Any

MOMENT = "2026-09-14T17:30:00.000Z"
VALUES: Mapping[str, Any] = {
    "access": "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl",
    "about": "Cotações atuais, uma chamada para vários ativos.",
    "ativo": "PETR4",
    "avatar": None,
    "bio": "",
    "body": "PETR4 chegou a R$ 40,02.",
    "body_html": "<p>Bom dia!</p>",
    "calls_left": 14_200,
    "change": "0.21",
    "change_pct": "0.55",
    "currency": "BRL",
    "day_change_pct": "0.55",
    "delay_s": 900,
    "description": "",
    "display_name": "Ana Souza",
    "duracao": 15,
    "email": "ana@example.org",
    "error": "",
    "expires_in_s": 30,
    "hint": "pregao_4fQ2a",
    "interval_s": 10.0,
    "item": "PETR4",
    "key": "pregao_4fQ2aZ8mW1xK7cR3vN9pT5yB6uH0jL2sD4gE8iOa1Rb2X9",
    "kind": "alert",
    "label": "brapi",
    "left_out": [],
    "lot": 100,
    "price_places": 2,
    "market": "B3",
    "market_cap": "512000000000.00",
    "name": "Petrobras PN",
    "next": None,
    "next_open_at": None,
    "nota": 7,
    "previous": None,
    "quantidade": "100.00000000",
    "rearm_pct": "0.50",
    "result_pct": "3.10",
    "sector": "Petróleo, gás e biocombustíveis",
    "source": "brapi",
    "state": "ok",
    "status": "em uso",
    "stock": "PETR4",
    "stock_symbol": "PETR4",
    "subprotocol": "ticket.Jk3vW8xQ",
    "symbol": "PETR4",
    "ticket": "Jk3vW8xQ",
    "title": "PETR4: alerta disparado",
    "topic": "Ações",
    "url": "/alerts/",
    "username": "ana",
    "volume": 31_250_400,
    "why": "",
}
BY_FORMAT = {
    "date-time": MOMENT,
    "decimal": "38.42",
    "email": "ana@example.org",
    "uri": "https://pregao.example/api/v1/",
    "uuid": "6f1c0f0e-5d0c-4c7e-9f6e-3a1d0a6f0001",
}
BY_TYPE: Mapping[str, Any] = {"boolean": False, "integer": 1, "number": 1.0, "string": "texto"}


def example_of(schema: Any, components: Any, *, changed: Mapping[str, Any], name: str = "") -> Any:
    """Return a value of a schema; `changed` has values of its objects' fields."""
    schema = _resolved(schema, components)
    if schema.get("type") == "object":
        options = {"components": components, "changed": changed}
        inner = schema.get("additionalProperties")
        if isinstance(inner, dict):
            return {"PETR4": example_of(inner, **options)}
        properties = schema.get("properties", {})
        return {
            key: changed[key] if key in changed else example_of(value, name=key, **options)
            for key, value in properties.items()
        }
    return _scalar(schema, name, components, changed)


def _scalar(schema: Any, name: str, components: Any, changed: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if name in VALUES:
        return VALUES[name]
    if schema.get("type") == "array":
        return [example_of(schema["items"], components, changed=changed)]
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE.get(schema.get("type", "")))


def _resolved(schema: Any, components: Any) -> Any:
    """Return the schema without references, as its first alternative."""
    while True:
        if "$ref" in schema:
            schema = components[schema["$ref"].rpartition("/")[2]]
            continue
        inner = next((schema[key][0] for key in ("allOf", "oneOf", "anyOf") if key in schema), None)
        if inner is None:
            return schema
        schema = inner
