"""Every mutating page and operation of the policy tables, and the audit entries it leaves."""

import json
import re

import pytest
from django.apps import apps
from django.db import connection
from django.urls import NoReverseMatch, reverse

from mainapp.accounts.models import User
from mainapp.core.audit import AuditedModel, audit_of, entries
from mainapp.core.models import AuditDetail, AuditEntry
from mainapp.pages.tests.audited_requests import (
    AUDITED,
    NEW_PASSWORD,
    NOT_AUDITED,
    OBJECTS_OF_OPERATIONS,
    PASSWORD,
    Sent,
    arguments_of,
    lines,
    person_of,
)
from mainapp.pages.tests.test_policies import rolled_back, unrendered
from mainapp.pages.tests.world import SENT, make_world

pytestmark = pytest.mark.database_independent

# The fields whose values nothing may show, by model. Those of e-mail addresses and names are in
# side rows.
SECRETS = {
    "accounts.user": ["password"],
    "api.apikey": ["digest", "hint"],
    "notifications.channel": ["address", "secret", "code"],
    "agenda.calendarlink": ["key"],
    "clubs.invitation": ["key"],
    "mfa.authenticator": ["data"],
    "usersessions.usersession": ["session_key"],
}
TABLES = {model._meta.db_table: model for model in apps.get_models() if audit_of(model)}
WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        yield make_world()


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.VAPID_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
    settings.MFA_KEY = "m" * 50


def test_every_mutating_line_is_in_one_of_the_tables():
    known = [*AUDITED, *NOT_AUDITED]
    assert sorted(known) == sorted(lines())
    assert all(NOT_AUDITED.values())


class BypassRecorder:
    """Records writes on audited tables that no audited model or queryset has made."""

    def __init__(self):
        self.bypassed = []

    def __call__(self, execute, sql, params, many, context):
        written = WRITE.match(sql)
        if written and written[1] in TABLES and entries._pending.get() is None:
            self._check(written[1], sql)
        return execute(sql, params, many, context)

    def _check(self, table, sql):
        model = TABLES[table]
        names = re.findall(r'"(\w+)" =', sql.partition(" SET ")[2].partition(" WHERE ")[0])
        columns = {field.column: field.name for field in model._meta.concrete_fields}
        changed = {columns[name] for name in names} - audit_of(model).ignored
        is_foreign = not issubclass(model, AuditedModel)
        if not is_foreign and (changed or not sql.startswith("UPDATE")):
            self.bypassed.append(sql)


def test_a_write_that_bypasses_the_audit_is_found(alice):
    recorder = BypassRecorder()
    with connection.execute_wrapper(recorder):
        User.objects.filter(pk=alice.pk).update(bio="x", last_login=None)
        User.objects.filter(pk=alice.pk).update(last_login=None)
        alice.save()
        assert recorder.bypassed == []
        User._base_manager.filter(pk=alice.pk).update(bio="y")
        with connection.cursor() as cursor:
            cursor.execute('DELETE FROM "accounts_preferences"')
    assert [sql.split()[0] for sql in recorder.bypassed] == ["UPDATE", "DELETE"]


def secrets_of_rows():
    """Return the values of the secret fields of all rows."""
    values = set()
    for label, fields in SECRETS.items():
        for row in apps.get_model(label).objects.values_list(*fields):
            values |= {str(value) for value in row if value and len(str(value)) > 4}
    return values


def recorded_text():
    rows = [*AuditEntry.objects.values_list("fields", "changes", "key", "program")]
    return json.dumps([rows, [*AuditDetail.objects.values_list("before", "after")]])


def send(world, line, request):
    """Send a request; return its response, the entries, and the writes that bypassed the audit."""
    name, method = line.split()
    person, recorder = person_of(line, request), BypassRecorder()
    arguments = arguments_of(line, request, world)
    if request.first:
        request.first(world, arguments)
    data = request.body(world, arguments)
    browser = world.browser(person)
    if request.confirms_password:
        browser.post(reverse("reauthenticate"), {"password": PASSWORD})
    before = secrets_of_rows()
    AuditEntry.objects.all().delete()
    options = {"content_type": "application/json"} if name.startswith("api-") else {}
    with connection.execute_wrapper(recorder), unrendered():
        address = reverse(name, kwargs=arguments)
        answer = getattr(browser, method.lower())(address, data, **options)
        b"".join(answer)  # closes the file of an export
    text = recorded_text()
    for secret in before | secrets_of_rows() | {PASSWORD, NEW_PASSWORD}:
        assert secret not in text, (line, secret)
    assert recorder.bypassed == []
    return answer, list(AuditEntry.objects.order_by("pk")), world.users.get(person)


def words(entry):
    return " ".join([entry.model, entry.action, ",".join(entry.fields)]).strip()


def has_left(row, expected):
    model, action, *fields = expected.split()
    names = set(fields[0].split(",")) if fields else set()
    return (row.model, row.action) == (model, action) and names <= set(row.fields)


@pytest.mark.django_db
@pytest.mark.parametrize("line", AUDITED)
def test_a_valid_request_leaves_its_entries(line, world):
    request = AUDITED[line]
    with rolled_back():
        answer, rows, user = send(world, line, request)

    for expected in request.leaves:
        assert any(has_left(row, expected) for row in rows), (answer, [words(row) for row in rows])
    way = "api" if line.startswith("api-") else "page"
    actor = None if request.no_actor else user.pk
    assert {(row.way, row.actor_id, row.program) for row in rows} == {(way, actor, "")}
    for row in rows:
        audit = audit_of(apps.get_model(row.model))
        assert set(row.changes) <= audit.shown | audit.links
        if row.action == "changed":
            assert row.fields
            assert set(row.changes) == set(row.fields) & (audit.shown | audit.links)


@pytest.mark.django_db
@pytest.mark.parametrize("line", NOT_AUDITED)
def test_other_requests_leave_no_entry(line, world):
    name = line.split()[0]
    data = (lambda world, _arguments: SENT[name](world)) if name in SENT else {}
    of = OBJECTS_OF_OPERATIONS.get(name, "")
    with rolled_back():
        try:
            answer, rows, _user = send(world, line, Sent((), data=data, of=of))
        except NoReverseMatch:
            assert name in ("api-reactions", "api-chat-participant", "api-idea-comment")
            return
    assert (answer.status_code < 500, [words(row) for row in rows]) == (True, [])
