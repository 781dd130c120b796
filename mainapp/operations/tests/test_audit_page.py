"""The page of the audit: filters, words, queries, export, and the links to it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from mainapp.accounts.models import User
from mainapp.clubs.tests.factories import make_club
from mainapp.core.audit import audit_of
from mainapp.core.models import AuditDetail, AuditEntry
from mainapp.operations.rendering import MODELS
from mainapp.operations.selectors.audit import LISTED, audit_entries
from mainapp.operations.services.sealing import seal_entries

NOON = datetime(2026, 3, 10, 15, tzinfo=UTC)
MAX_QUERIES = 6


@pytest.fixture
def admin(db):
    return User.objects.create_user("root", access_level=User.Access.ADMIN)


@pytest.fixture
def browser(client, admin):
    client.force_login(admin)
    AuditEntry.objects.all().delete()
    return client


def entry(**fields):
    values = {
        "at": NOON, "way": "page", "action": "changed", "model": "alerts.alert", "key": "7",
        "fields": ["status"], "changes": {"status": ["active", "paused"]},
    }  # fmt: skip
    return AuditEntry.objects.create(**values | fields)


def text_of(browser, query=""):
    return " ".join(browser.get(f"/auditoria/{query}").content.decode().split())


def test_every_audited_model_has_a_portuguese_name():
    labels = {model._meta.label_lower for model in apps.get_models() if audit_of(model)}
    assert labels == MODELS.keys()


def test_entries_are_readable(browser, admin, alice):
    entry(actor_id=alice.pk)
    row = entry(fields=["email", "bio"], changes={}, model="accounts.user", actor_id=999)
    AuditDetail.objects.create(
        entry=row, owner=alice, field="email", before="a@x.org", after="b@x.org"
    )
    entry(changes={"owner": [None, alice.pk]}, fields=[], action="created")
    entry(way="task", program="update_stock", actor_id=alice.pk)
    entry(way="command", program="setup")

    rows = re.findall(r"<tr> ?<td.*?</tr>", text_of(browser))
    words = [
        re.sub(r"[\u2068\u2069]", "", " ".join(strip_tags(row.replace("<li>", " ")).split()))
        for row in rows
    ]
    when, change = "10/03/2026 12:00", "alerta nº 7 situação: Ativo → Pausado"
    assert words[1:] == [  # after the creation of alice
        f"{when} comando setup · comando mudou {change}",
        f"{when} sistema: tarefa update_stock, para alice · tarefa mudou {change}",
        f"{when} visitante · página criou alerta nº 7 dono: alice",
        f"{when} conta apagada · página mudou conta nº 7 "
        "e-mail: a@x.org → b@x.org sobre você mudou",
        f"{when} alice · página mudou {change}",
    ]


FILTERS = {
    "person=alice": {"actor"},
    "person=ALICE": {"actor"},
    "person=999": {"unknown"},
    "way=api": {"api"},
    "action=deleted": {"deleted"},
    "model=forum.room": {"room"},
    "model=forum.room&key=9": {"room"},
    "model=forum.room&key=8": set(),
    "since=2026-03-11": {"late"},
    "until=2026-03-09": {"early"},
    "since=2026-03-11&until=2026-03-11": {"late"},
    "way=nonsense": {"actor", "unknown", "api", "deleted", "room", "late", "early"},
}


@pytest.mark.parametrize("query", FILTERS)
def test_filters_and_export_show_the_same_entries(query, browser, alice):
    AuditEntry.objects.all().delete()
    entry(program="actor", actor_id=alice.pk)
    entry(program="unknown", actor_id=999)
    entry(program="api", way="api")
    entry(program="deleted", action="deleted")
    entry(program="room", model="forum.room", key="9")
    entry(program="late", at=NOON + timedelta(days=1))
    entry(program="early", at=NOON - timedelta(days=1))

    shown = browser.get(f"/auditoria/?{query}").context["page"].object_list
    assert {row.entry.program for row in shown} == FILTERS[query]
    if query != "way=nonsense":
        exported = b"".join(browser.get(f"/auditoria/exportar/?{query}")).decode()
        assert {line.split(";")[4] for line in exported.splitlines()[1:]} == FILTERS[query]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "ontem"])
def test_days_that_no_entry_has_are_errors_at_the_field(day, browser):
    for name in ("since", "until"):
        response = browser.get("/auditoria/", {name: day})
        assert list(response.context["form"].errors) == [name]


def test_an_unknown_person_is_an_error_at_the_field(browser):
    assert "Ninguém usa este nome." in text_of(browser, "?person=ninguem")
    assert (
        "Ninguém usa este nome."
        in browser.get("/auditoria/exportar/?person=ninguem").content.decode()
    )


def test_the_page_costs_the_same_few_queries_for_any_number_of_entries(browser, alice):
    counts = []
    for number in (3, 30):
        for _ in range(number):
            row = entry(actor_id=alice.pk, changes={"owner": [alice.pk, None]})
            AuditDetail.objects.create(entry=row, owner=alice, field="email", before="a", after="b")
        browser.get("/auditoria/")
        with CaptureQueriesContext(connection) as queries:
            browser.get("/auditoria/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= MAX_QUERIES


def test_the_state_of_the_chain_is_shown(browser):
    entry()
    seal_entries(at=timezone.now())
    entry()
    page = text_of(browser)
    assert "<dt>Último lacre</dt> <dd>nº 1" in page
    assert "<dt>À espera de lacre</dt> <dd>1</dd>" in page


def test_no_filter_needs_a_scan_of_the_table(db):
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL's plans")
    at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for filters in (
            {}, {"person_id": 1}, {"way": "api"}, {"action": "deleted"}, {"model": "forum.room"},
            {"model": "forum.room", "key": "9"}, {"since": at}, {"until": at},
            {"person_id": 1, "way": "api", "since": at},
        ):  # fmt: skip
            plan = audit_entries(**filters)[:LISTED].explain()
            assert "Seq Scan" not in plan, (filters, plan)
        unsealed = AuditEntry.objects.filter(seal_number=None).order_by("seal_number", "pk")
        assert "audit_of_a_seal" in unsealed[:500].explain()


def test_admins_find_links_on_profiles_and_clubs(browser, admin, alice, bob, client):
    club = make_club(admin, alice)
    assert "/auditoria/?person=alice" in browser.get(f"/profile/{alice.pk}/").content.decode()
    link = f"/auditoria/?model=clubs.club&amp;key={club.pk}"
    assert link in browser.get(club.get_absolute_url()).content.decode()
    client.force_login(alice)
    assert "/auditoria/" not in client.get(f"/profile/{bob.pk}/").content.decode()
    assert "/auditoria/" not in client.get(club.get_absolute_url()).content.decode()
