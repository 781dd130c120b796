"""Checks of every raised DomainError in the sources, and of its rendering everywhere."""

import ast
import inspect
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import EnumType
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.utils import translation
from django.utils.html import escape
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from mainapp.core.consumers import BaseConsumer
from mainapp.core.errors import json_response, page_sentence, shown_as_message, shown_in_form
from mainapp.core.exceptions import SENTENCES, STATUSES, DomainError, fill

pytestmark = pytest.mark.database_independent

HOSTILE = ["%", "%s", "%(x)s", "%(limit)s", "{}", "{0}", "<b>", "\ud800", "\x00", "100%%"]
MARKERS = {"_", "gettext_noop", "gettext_lazy", "ngettext_lazy"}
# The whole sentence is a framework's own message.
PASSED_ON = "%(error)s"
SKIPPED = {"tests", "migrations"}


@cache
def sources():
    root = Path(settings.BASE_DIR)
    paths = sorted(root.joinpath("mainapp").rglob("*.py"))
    return [path for path in paths if SKIPPED.isdisjoint(path.relative_to(root).parts)]


@cache
def domain_errors():
    """Return DomainError and its subclasses by name."""
    for path in sources():
        if "DomainError" in path.read_text(encoding="utf-8"):
            parts = path.relative_to(settings.BASE_DIR).with_suffix("").parts
            import_module(".".join(parts).removesuffix(".__init__"))
    errors, queue = {}, [DomainError]
    while queue:
        error = queue.pop()
        queue += error.__subclasses__()
        if ".tests." not in error.__module__:
            errors[error.__name__] = error
    return errors


def takes_code(error):
    return error.__init__ is DomainError.__init__


@cache
def calls():
    """Return (place, call, whether its first argument is the code) for every construction."""
    return [call for path in sources() for call in _calls_of(path)]


def _calls_of(path):
    errors = domain_errors()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    super_calls = {
        id(call)
        for node in classes
        if node.name in errors and node.name != "DomainError"
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
    }
    name_of_file = path.relative_to(settings.BASE_DIR)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Raise | ast.Call):
            continue
        place = f"{name_of_file}:{node.lineno}"
        raised = getattr(node, "exc", None) if isinstance(node, ast.Raise) else None
        if isinstance(raised, ast.Name) and takes_code(errors.get(raised.id, object)):
            yield place, None, True
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if id(node) in super_calls:
                yield place, node, True
            elif name in errors:
                yield place, node, takes_code(errors[name])


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@cache
def templates():
    """Return every sentence that is passed to a DomainError, with the call."""
    sentences = dict.fromkeys(SENTENCES.values())
    for _place, call, has_code in calls():
        for argument in call.args[1 if has_code else 0 :][:1] if call else []:
            for node in ast.walk(argument):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in MARKERS:
                    for text in filter(None, map(literal, node.args)):
                        sentences[text] = call
    return sentences


# The raise sites --------------------------------------------------------------------------------


def test_every_raise_site_has_a_known_code():
    wrong = [
        place
        for place, call, has_code in calls()
        if has_code
        and (call is None or not call.args or literal(call.args[0]) not in STATUSES)
        # These pass `code_for_status(…)`, for a framework's refusal, or a variable with its result.
        and place.split(":")[0] not in ("mainapp/api/errors.py", "mainapp/api/middleware.py")
        and place.split(":")[0] != "mainapp/api/schema/errors.py"
    ]

    assert len(calls()) > 60
    assert wrong == []


def test_every_template_is_marked_for_translation_and_filled_by_its_params():
    wrong = []
    for place, call, has_code in calls():
        arguments = (call.args if call else [])[1 if has_code else 0 :]
        text = literal(arguments[0]) if arguments else None
        if text not in (None, "", PASSED_ON):
            wrong.append((place, "not marked"))
        for node in ast.walk(arguments[0]) if arguments else ():
            names = set(re.findall(r"%\((\w+)\)", literal(node) or ""))
            params = arguments[1] if len(arguments) > 1 else None
            if isinstance(params, ast.Dict):
                names -= {literal(key) for key in params.keys}
            elif params is not None:
                names = set()  # a variable
            if names:
                wrong.append((place, names))

    assert wrong == []


EXAMPLES = {
    Mapping[str, str]: {"kind": "oi"},
    int: 1,
    float: 1.0,
    datetime: datetime(2026, 3, 10, tzinfo=UTC),
}


def example(annotation):
    if isinstance(annotation, EnumType):
        return next(iter(annotation))
    return EXAMPLES.get(annotation, "oi")


@pytest.mark.parametrize("name", sorted(domain_errors()))
def test_every_subclass_has_a_known_code(name):
    error = domain_errors()[name]
    values = {
        parameter.name: example(parameter.annotation)
        for parameter in list(inspect.signature(error.__init__).parameters.values())[1:]
        if parameter.default is parameter.empty
    }
    instance = error(**values | ({"code": "invalid"} if takes_code(error) else {}))

    assert instance.code in STATUSES
    assert str(instance)


def test_unknown_code_is_refused():
    with pytest.raises(ValueError, match="no_such_code"):
        DomainError("no_such_code")


# The edges --------------------------------------------------------------------------------------


class OneForm(forms.Form):
    name = forms.CharField(required=False)


class RaisingView(APIView):  # type: ignore[misc] # REST framework has no types
    error = DomainError("invalid")
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        raise self.error


class RaisingConsumer(BaseConsumer):
    error = DomainError("invalid")
    handlers = BaseConsumer.handlers | {"fail": "fail"}

    async def fail(self, frame):
        raise self.error


def errors_with(value):
    for template in templates():
        names = re.findall(r"%\((\w+)\)s", template)
        params = dict.fromkeys(names, value)
        fields, wire = {"name": value}, {"limit": [value]}
        yield DomainError(
            "rate_limited", template, params, fields=fields, wire=wire, retry_after_s=2.5
        )


def shown(value):
    return value.replace("\ud800", "\ufffd")


def expected(error, value):
    """Return the translated sentence with the value in place of each placeholder."""
    sentence = translation.gettext(error.template)
    return re.sub(r"%\(\w+\)s|%%", lambda m: "%" if m[0] == "%%" else shown(value), sentence)


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_parameter_breaks_a_page(rf, value, language):
    with translation.override(language):
        for error in errors_with(value):
            form, request = OneForm({}), rf.get("/")
            request._messages = CookieStorage(request)
            with shown_in_form(form, "name"):
                raise error
            with shown_as_message(request):
                raise error
            html = form.as_p().encode().decode()

            assert str(error) == expected(error, value)
            assert escape(page_sentence(error)) in html
            assert [str(message) for message in get_messages(request)] == [page_sentence(error)]
            assert json.loads(json_response(error).content)["message"] == str(error)


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_parameter_breaks_an_api_response(db, monkeypatch, value, language):
    view, request = RaisingView.as_view(), APIRequestFactory().get("/")
    with translation.override(language):
        for error in errors_with(value):
            monkeypatch.setattr(RaisingView, "error", error)
            answer = view(request)
            body = json.loads(answer.render().content)

            assert answer.status_code == 429
            assert answer["Retry-After"] == "3"
            assert body == {
                "code": "rate_limited",
                "message": expected(error, value),
                "fields": {"name": [shown(value)]},
            }


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("value", HOSTILE)
async def test_no_parameter_breaks_a_frame(websocket, monkeypatch, value, language):
    monkeypatch.setattr("mainapp.core.consumers.ERRORS", 1000)
    monkeypatch.setattr("mainapp.core.consumers.FRAMES", 1000)
    app = RaisingConsumer.as_asgi()
    async with websocket("/", app=app, accept_language=language) as socket:
        for error in errors_with(value):
            RaisingConsumer.error = error
            frame = await socket.request({"type": "fail", "id": 7})

            with translation.override(language):
                assert frame == {
                    "type": "error",
                    "code": "rate_limited",
                    "detail": expected(error, value),
                    "id": 7,
                    "fields": {"name": shown(value)},
                    "limit": [shown(value)],
                    "retry_after_s": 2.5,
                }


def test_hostile_text_in_a_request_breaks_no_response(client, alice):
    client.force_login(alice)
    body = '{"venda": "1.00", "ativo": "\\ud800", "recurrence": "\\ud800%s", "\\ud800": 1}'
    response = client.post("/api/v1/alerts/", body, content_type="application/json")

    assert response.status_code == 400
    assert response.json()["code"] == "invalid"


# The parts --------------------------------------------------------------------------------------


def test_parameters_are_filled_once():
    params = {"a": "%(b)s", "b": "%(a)s"}

    assert fill("%(a)s %(b)s %(c)s 5% %% {a}", params) == "%(b)s %(a)s %(c)s 5% % {a}"


@pytest.mark.parametrize(
    ("wait_s", "sentence"),
    [
        (0.1, "Não. Tente em 1 segundo."),
        (2.5, "Não. Tente em 3 segundos."),
        (120, "Não. Tente em 120 segundos."),
        (121, "Não. Tente em 3 minutos."),
        (3601, "Não. Tente em 2 horas."),
        (None, "Não."),
    ],
)
def test_page_names_the_wait_in_a_readable_unit(wait_s, sentence):
    assert page_sentence(DomainError("rate_limited", "Não.", retry_after_s=wait_s)) == sentence


def test_other_errors_are_not_shown():
    for shown_error in (shown_in_form(OneForm({})),):
        with pytest.raises(LookupError), shown_error:
            raise LookupError
