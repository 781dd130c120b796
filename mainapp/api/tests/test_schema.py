"""The API's description: complete, and true for every example of a request."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from mainapp.accounts.models import User
from mainapp.api import urls
from mainapp.api.schema import generator
from mainapp.api.schema.texts import TEXTS
from mainapp.api.services.tokens import create_tokens
from mainapp.api.tests.test_policies import address, objects  # noqa: F401 - a fixture
from mainapp.core.exceptions import STATUSES
from mainapp.market.tests.factories import StockFactory

V1 = "/api/v1/"
PASSWORD = TEXTS["post", "accounts/login/"].body["password"]
# Of JSON: those of forms with a file are tested with the uploads.
REQUESTS = [place for place, text in TEXTS.items() if text.body and "file" not in text.body]


@pytest.fixture(scope="module")
def document(django_db_setup):
    return SchemaGenerator().get_schema(public=True)


@pytest.fixture(scope="module")
def operations(document):
    return {
        (method, path.removeprefix(V1)): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture
def alice(db):
    StockFactory(symbol="VALE3")
    return User.objects.create_user("ana", "ana@example.org", PASSWORD)


def test_description_is_valid_by_an_independent_validator(document):
    validate(document)


def test_generator_has_no_warning(capsys):
    call_command("spectacular", "--fail-on-warn", "--file", "/dev/null")

    assert capsys.readouterr().err == ""


def test_every_operation_has_a_text_and_every_text_an_operation(operations):
    assert TEXTS.keys() == operations.keys()
    for place, operation in operations.items():
        assert operation["summary"], place
        assert operation["summary"] != operation["description"], place


def test_every_request_and_response_has_an_example(operations, document):
    for place, operation in operations.items():
        examples = list(examples_of(operation, document))
        assert (place, len(examples)) == (place, expected_examples(operation))
        for schema, example in examples:
            whole = {"components": document["components"], **schema}
            errors = [error.message for error in OAS30Validator(whole).iter_errors(example)]
            assert (place, errors) == (place, [])


def examples_of(operation, document):
    """Yield (schema, example) of the request, the response and each error."""
    shared = document["components"]["responses"]
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        whole = shared[body["$ref"].rpartition("/")[2]] if "$ref" in body else body
        for content in whole.get("content", {}).values():
            if "example" in content:
                yield content["schema"], content["example"]
            for example in content.get("examples", {}).values():
                yield content["schema"], example["value"]


def expected_examples(operation):
    """Return the number of bodies: one for each error code, none for 204."""
    codes = [
        len(body["$ref"].split(".")) - 1
        for body in operation["responses"].values()
        if "$ref" in body
    ]
    bodies = [
        kind
        for status in ("200", "201", "202")
        for kind in operation["responses"].get(status, {}).get("content", {})
    ]
    return sum(codes) + len(bodies) + ("requestBody" in operation)


def test_operations_that_refuse_keys_do_not_offer_them(operations):
    offered = {
        place for place, operation in operations.items() if {"key": []} in operation["security"]
    }

    assert {("get", "alerts/"), ("post", "alerts/"), ("get", "accounts/user/")} <= offered
    assert not {place for place in offered if place[1].startswith(("keys/", "ws-ticket/"))}
    assert not {("patch", "accounts/user/"), ("post", "accounts/logout/")} & offered


def test_numbers_of_queries_and_bodies_have_a_maximum(operations, document):
    """A larger one than the database can compare would be an error of ours."""
    unlimited = set()
    for place, operation in operations.items():
        given = {
            p["name"]: p["schema"] for p in operation.get("parameters", ()) if p["in"] == "query"
        }
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            given |= schema["properties"]
        unlimited |= {
            (*place, name)
            for name, schema in given.items()
            if schema.get("type") == "integer"
            and not {"maximum", "enum"} & schema.keys()
            and name not in ("page", "page_size")  # compared with the number of rows
        }

    assert unlimited == set()


def test_errors_have_the_status_of_their_code(operations):
    for place, operation in operations.items():
        errors = {key: value for key, value in operation["responses"].items() if key >= "400"}
        assert {"400", "401", "403", "429", "500", "503"} <= errors.keys(), place
        for status, reference in errors.items():
            codes = reference["$ref"].split(".")[1:]
            assert {STATUSES[code] for code in codes} == {int(status)}


@pytest.mark.parametrize("place", REQUESTS, ids=" ".join)
def test_example_of_a_request_is_accepted(place, operations, objects, alice, client):  # noqa: F811
    method, path = place
    body = dict(TEXTS[place].body)
    if "refresh" in body:
        body["refresh"] = create_tokens(user=alice)["refresh"]
    carol, chat = User.objects.get(username="carol"), objects["chat"]["pk"]
    own = {"user_ids": body.get("user_ids") and [carol.pk], "user_id": carol.pk, "room_id": chat}
    own |= {"id": carol.pk} if path == "complaints/" else {}
    own |= {"alert": objects["alert"]["pk"], "product_id": objects["enrol"]["pk"]}
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    own |= {"horizon": day, "starts_at": f"{day}T19:00", "ends_at": f"{day}T21:00"}
    body |= {field: value for field, value in own.items() if field in body}
    client.force_login(alice)
    name = next(p.name for p in urls.urlpatterns if operation_path(p) == path)
    response = getattr(client, method)(address(name, objects), body, "application/json")

    assert str(response.status_code) in operations[place]["responses"]
    assert response.status_code in (200, 201, 202, 204), response.json()


def operation_path(pattern):
    """Return the path of a URL pattern as the description writes it."""
    route = str(pattern.pattern).removeprefix(V1[1:])
    return (
        route.replace("<key:pk>", "{id}")
        .replace("<str:", "{")
        .replace("<slug:", "{")
        .replace("<key:", "{")
        .replace(">", "}")
    )


def test_document_is_generated_once_per_language(client, monkeypatch):
    generated = []
    create = SchemaGenerator.get_schema
    monkeypatch.setattr(
        SchemaGenerator,
        "get_schema",
        lambda self, **options: generated.append(1) or create(self, **options),
    )
    generator._generate.cache_clear()

    for language in ("pt-br", "en", "pt-br", "xx", "en", "pt-PT"):
        document = client.get("/api/schema/", {"lang": language}).json()
        assert document["paths"].keys() == client.get("/api/schema/").json()["paths"].keys()

    assert len(generated) == 2
