"""Additions to the OpenAPI document that drf-spectacular cannot derive from the views.

`texts.py` has what an author writes for each operation; the rest is derived from it, from the
policies and from the serializers.
"""

from typing import Any

from django.conf import settings
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from mainapp.api.schema.errors import ERROR, MUTATIONS, declare_errors
from mainapp.api.schema.examples import example_of
from mainapp.api.schema.texts import TEXTS, Text
from mainapp.core.policies import SCOPES

V1 = "/api/v1/"
KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A repeated request takes effect once and gets the same answer.",
}


class Schema(AutoSchema):
    """Describes an operation; adds the header `Idempotency-Key` where it is accepted."""

    @property
    def text(self) -> Text:
        return TEXTS[self.method.lower(), self.path.removeprefix(V1)]

    def get_summary(self) -> str:
        return self.text.summary

    def get_description(self) -> str:
        return self.text.description

    def get_auth(self) -> Any:
        """Return the ways to authenticate, without API keys where they are refused."""
        takes_keys = self.view.policy().scope_of(self.method) is not None
        name = PersonalKeyScheme.name
        return [auth for auth in super().get_auth() if takes_keys or name not in auth]

    def get_operation(self, *args: Any, **options: Any) -> Any:
        operation, method = super().get_operation(*args, **options), self.method.lower()
        if operation is None:
            return None
        if method in MUTATIONS and self.view.accepts_key:
            operation.setdefault("parameters", []).append(KEY)
        declare_errors(
            operation=operation,
            method=method,
            path=self.path,
            text=self.text,
            line=self.view.policy(),
        )
        return operation


class BearerScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call] # registers itself
    target_class = "mainapp.api.authentication.Bearer"
    name = "token"


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the same
    target_class = "mainapp.api.authentication.SiteSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> Any:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class PersonalKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the same
    target_class = "mainapp.api.authentication.PersonalKey"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> Any:
        scopes = ", ".join(f"`{scope}`" for scope in SCOPES)
        text = f"An API key, in the same header as a token. Its scopes are some of {scopes}."
        return {"type": "http", "scheme": "bearer", "bearerFormat": "pregao_…", "description": text}


def complete(result: Any, **_kwargs: Any) -> Any:
    """Add the schema of errors, the examples, and that unknown fields are refused."""
    components = result["components"]["schemas"]
    components["Error"] = ERROR
    _allow_null(components)
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            text = TEXTS[method, path.removeprefix(V1)]
            _complete_request(operation, components, text)
            _add_response_example(operation, components, text)
            _share_errors(operation, result["components"].setdefault("responses", {}))
    return result


def _allow_null(components: Any) -> None:
    """Let references be null where they may: beside `allOf`, `nullable` has no effect."""
    null = {"$ref": "#/components/schemas/NullEnum"}
    components.setdefault("NullEnum", {"enum": [None]})
    for schema in components.values():
        for field in schema.get("properties", {}).values():
            if field.get("nullable") and "allOf" in field:
                del field["nullable"]
                field["oneOf"] = [*field.pop("allOf"), null]


def _complete_request(operation: Any, components: Any, text: Text) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        components[content["schema"]["$ref"].rpartition("/")[2]]["additionalProperties"] = False
        content["example"] = text.body


def _add_response_example(operation: Any, components: Any, text: Text) -> None:
    for status, response in operation["responses"].items():
        if not status.startswith("2"):
            continue
        response["description"] = response["description"] or text.summary
        for content in response.get("content", {}).values():
            content["example"] = example_of(content["schema"], components, changed=text.answer)


def _share_errors(operation: Any, shared: Any) -> None:
    """Replace the error responses by references: most operations have the same ones."""
    for status, response in operation["responses"].items():
        if status >= "400":
            codes = response["content"]["application/json"]["examples"]
            name = ".".join((status, *codes))
            shared[name] = response
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
