"""Unknown fields, wrong types and wrong content types, tested with every mutation."""

import json

import pytest
from rest_framework import serializers

from mainapp.api import urls
from mainapp.api.tests.test_policies import OPERATIONS, address, objects  # noqa: F401 - a fixture

pytestmark = pytest.mark.database_independent

MUTATIONS = [
    (name, method)
    for name, methods in OPERATIONS.items()
    for method in methods
    if method in ("post", "put", "patch", "delete")
    and name != "api-uploads"  # takes a form with a file, and no JSON
]


def fields_of(name, method):
    """Return the names of the fields that an operation takes."""
    pattern = next(pattern for pattern in urls.urlpatterns if pattern.name == name)
    view = pattern.callback.cls
    if not view.takes_fields(method.upper()):
        return set()
    fields = view.serializer_class().fields.items()
    return {name for name, field in fields if not field.read_only}


@pytest.fixture
def send(objects, alice, client):  # noqa: F811 - the fixture
    """Return a function that sends a body to an operation as the owner of its object."""
    client.force_login(alice)

    def send(name, method, body, content_type="application/json"):
        data = body if isinstance(body, str) else json.dumps(body)
        return client.generic(
            method.upper(), address(name, objects), data, content_type=content_type
        )

    return send


@pytest.mark.parametrize(("name", "method"), MUTATIONS)
def test_unknown_field_and_what_is_no_object_are_refused(name, method, send):
    response = send(name, method, {"flavour": "sweet"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert response.json()["fields"]["flavour"] == ["Este campo não existe aqui."]

    for body in ("[]", '"text"', "7", "null", "{", "[1]"):
        response = send(name, method, body)
        assert (body, response.status_code) == (body, 400)
        assert response.json()["code"] in ("invalid", "bad_request")
        assert response.json()["message"] not in ("No data provided", "")
    for kind in ("application/x-www-form-urlencoded", "text/plain", "nonsense"):
        response = send(name, method, "is_active=false", kind)
        assert (kind, response.status_code) == (kind, 415)
        assert response.json()["code"] == "unsupported_media_type"


def test_only_the_first_unknown_fields_are_named(send):
    body = {f"{number}{'x' * 200}": number for number in range(1_000)}
    fields = send("api-user", "patch", body).json()["fields"]

    assert list(fields) == [f"{number}{'x' * 200}"[:100] for number in range(20)]


@pytest.mark.parametrize(("name", "method"), [pair for pair in MUTATIONS if fields_of(*pair)])
def test_wrong_types_are_refused_by_name(name, method, send):
    fields = fields_of(name, method)
    for value in ({"a": 1}, [1]):
        wrong = {field for field in fields if not accepts(name, field, value)}
        if not wrong:
            continue
        response = send(name, method, dict.fromkeys(fields, value))

        assert (response.status_code, response.json()["code"]) == (400, "invalid")
        assert {name.partition(".")[0] for name in response.json()["fields"]} == wrong


def accepts(name, field, value):
    """Return whether a field takes lists or objects, and this one."""
    pattern = next(pattern for pattern in urls.urlpatterns if pattern.name == name)
    kind = pattern.callback.cls.serializer_class().fields[field]
    if not isinstance(kind, serializers.ListField | serializers.DictField):
        return False
    try:
        kind.run_validation(value)
    except serializers.ValidationError:
        return False
    return True
