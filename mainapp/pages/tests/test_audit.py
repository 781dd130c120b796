"""The audit, tested from the models: every field of every audited model, by every way to write."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import DatabaseError, models
from django.utils import timezone
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.services.deletion import delete_account
from mainapp.agenda.models import CalendarLink, Event, Order
from mainapp.agenda.tests.factories import make_event
from mainapp.alerts.models import Alert
from mainapp.alerts.tests.factories import make_alert
from mainapp.clubs.models import Club, ClubMember, Invitation
from mainapp.clubs.tests.factories import ClubFactory
from mainapp.core import audit
from mainapp.core.contexts import SOCKET, TASK, Context, handling
from mainapp.core.models import AuditEntry, Plan, QuotaRule
from mainapp.forum.models import Room
from mainapp.forum.services.messages import post_message
from mainapp.forum.services.rooms import create_room
from mainapp.forum.tests.factories import RoomFactory, make_group
from mainapp.ideas.models import Idea
from mainapp.ideas.tests.factories import make_idea
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Broadcast, Channel, MailTemplate
from mainapp.pages.tests.test_policies import rolled_back
from mainapp.portfolio.models import Carteira

MARK = "zqx"
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
API_KEY = apps.get_model("api", "ApiKey")  # of a feature that this one may not import

# Models that are not audited, with the reason.
NOT_AUDITED = {
    **dict.fromkeys(
        ("accounts.nameskeleton", "market.loadeddata", "alerts.doubt"), "derived from other rows"
    ),
    "accounts.block": "private to the user who blocks",
    "core.tag": "words shared by ideas and events",
    "core.usage": "counters of the limits",
    **dict.fromkeys(
        ("core.auditentry", "core.auditseal", "core.audithead", "core.auditdetail"),
        "the audit itself",
    ),
    "core.fence": "counters of the holders of leases",
    **dict.fromkeys(
        (
            *("market.stock", "market.indexlist", "market.membership", "market.corporateevent"),
            *("market.lastquote", "market.doubtfulprice", "market.candle", "market.rejectedquotes"),
            *("market.historyfile", "market.exchangeday", "market.eventreport"),
        ),
        "public data; the admin's own log has its corrections",
    ),
    **dict.fromkeys(("market.watchlist", "market.watchlistitem"), "lists and their order"),
    **dict.fromkeys(
        ("notifications.notification", "notifications.delivery", "notifications.attempt"),
        "the work of the site itself",
    ),
    **dict.fromkeys(
        ("notifications.mark", "forum.participant", "forum.message", "forum.reaction"),
        "messages, marks, reactions; system messages and the moderation log record participation",
    ),
    "operations.sample": "measurements of the instance, by a task",
    "operations.report": "files made of other rows, which their owner requested",
    "uploads.upload": "part of a message",
    **dict.fromkeys(
        ("ideas.ideaedit", "ideas.ideacomment", "ideas.pricebreak"),
        "the history of an idea itself, messages, and the effects of prices",
    ),
    "ideas.savedfilter": "a list of its owner",
    "clubs.removedmember": "the deletion of the membership is recorded",
    "agenda.reminder": "the work of the site itself",
    **dict.fromkeys(("alerts.condition", "alerts.firing"), "the effects of prices on an alert"),
    **dict.fromkeys(
        ("alerts.sharedalert", "alerts.alertsubscription"), "what members of a club receive"
    ),
    **dict.fromkeys(
        ("moderation.case", "moderation.complaint", "moderation.logentry"), "the moderation log"
    ),
    "api.keptanswer": "repeated requests",
}
OTHER_APPS = {
    *("admin", "auth", "contenttypes", "sessions", "token_blacklist"),
    *("django_celery_beat", "account", "mfa", "usersessions"),  # but FOREIGN
}


@pytest.fixture
def stocks(db):
    return [StockFactory(symbol=symbol) for symbol in ("PETR4", "VALE3")]


@pytest.fixture
def make(alice, bob, stocks):
    """Return a function that makes a row of an audited model."""
    rows = {
        User: lambda: User.objects.create_user("carla", "carla@example.org", "correct horse"),
        Plan: lambda: Plan.objects.create(name="x"),
        QuotaRule: lambda: QuotaRule.objects.create(
            plan=Plan.objects.create(name="x"), kind="rooms", limit=1
        ),
        Preferences: lambda: Preferences.objects.create(user=alice),
        Alert: lambda: make_alert(alice, stock=stocks[0], compra="5.00"),
        Carteira: lambda: Carteira.objects.create(
            owner=alice, ativo=stocks[0], preco_medio=1, quantidade=1, nota=1
        ),
        Room: lambda: RoomFactory(host=alice),
        Event: lambda: make_event(alice),
        Order: lambda: Order.objects.create(
            event=make_event(alice), user=alice, state="waiting", queued_at=NOW
        ),
        CalendarLink: lambda: CalendarLink.objects.create(user=alice, key="x", renewed_at=NOW),
        API_KEY: lambda: API_KEY.objects.create(
            user=alice, digest="x", scopes=[], created_at=NOW, expires_at=NOW
        ),
        Channel: lambda: Channel.objects.create(user=alice, kind="webhook", created_at=NOW),
        Broadcast: lambda: Broadcast.objects.create(author=alice, title="x", created_at=NOW),
        MailTemplate: lambda: MailTemplate.objects.create(name="x", subject_pt="x", text_pt="x"),
        Club: lambda: ClubFactory(),
        ClubMember: lambda: ClubMember.objects.create(
            club=ClubFactory(), user=alice, joined_at=NOW
        ),
        Idea: lambda: make_idea(alice, symbol="PETR4"),
        Invitation: lambda: Invitation.objects.create(
            club=ClubFactory(), key="x", created_by=alice, created_at=NOW, expires_at=NOW
        ),
    }

    def make_(model):
        row = rows[model]()
        AuditEntry.objects.all().delete()
        return row

    make_.rows = rows
    return make_


MODELS = apps.get_models()
AUDITED = [model for model in MODELS if isinstance(getattr(model, "audit", None), audit.Audited)]


def by_update(row, name):
    type(row).objects.filter(pk=row.pk).update(**{name: getattr(row, name)})


def by_expression(row, name):
    field = row._meta.get_field(name)
    value = models.Value(getattr(row, field.attname), output_field=field)
    type(row).objects.filter(pk=row.pk).update(**{name: value})


DOORS = {
    "save": lambda row, name: row.save(),
    "save of one field": lambda row, name: row.save(update_fields=[name]),
    "update": by_update,
    "update by an expression": by_expression,
    "bulk_update": lambda row, name: type(row).objects.bulk_update([row], [name]),
}


def test_every_model_is_audited_or_has_a_reason():
    tables = {*NOT_AUDITED, *audit.FOREIGN, *(model._meta.label_lower for model in AUDITED)}
    own = {
        model._meta.label_lower
        for model in apps.get_models()
        if model._meta.app_label not in OTHER_APPS
    }
    assert own - tables == set()
    assert set(NOT_AUDITED) & set(audit.FOREIGN) == set()
    assert {label for label in tables if apps.get_model(label)} == tables


def test_every_field_of_an_audited_model_is_classified_once():
    for model in apps.get_models():
        if table := audit.audit_of(model):
            names = {field.name for field in model._meta.concrete_fields} - {model._meta.pk.name}
            assert table.recorded | table.ignored == names, model
            assert table.readable <= table.hidden, model
            assert table.links | table.hidden_links == {
                field.name for field in model._meta.many_to_many
            }, model
            owner = table.owner and model._meta.get_field(table.owner)
            assert not owner or User in (model, owner.related_model), model
            assert len(names) == sum(map(len, (table.shown, table.hidden, table.ignored))), model


@pytest.mark.parametrize("model", AUDITED)
def test_every_audited_model_has_the_queryset_for_bulk_changes(model):
    assert issubclass(model, audit.AuditedModel)
    for manager in (model._default_manager, model.objects):
        assert isinstance(manager.get_queryset(), audit.AuditedQuerySet)


def other_value(row, field, others):
    """Return another value of a field, with MARK in texts."""
    value = getattr(row, field.name)
    if field.is_relation:
        return others[field.related_model]
    if field.choices:
        return next(key for key, _label in field.flatchoices if key != value and key != "")
    for kind, other in (
        (models.BooleanField, lambda: not value),
        (models.DateTimeField, lambda: timezone.now()),
        (models.DateField, lambda: NOW.date() + timedelta(days=77)),
        (models.DecimalField, lambda: Decimal("12.34")),
        (models.PositiveSmallIntegerField, lambda: (value or 0) + 1),
        (models.IntegerField, lambda: (value or 0) + 7),
        (models.JSONField, lambda: ["read"]),
        (models.DurationField, lambda: timedelta(hours=5)),
        (models.EmailField, lambda: f"{MARK}@example.org"),
        (models.Field, lambda: Decimal("12.34") if "Decimal" in type(field).__name__ else MARK),
    ):
        if isinstance(field, kind):
            return other()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("model", AUDITED)
def test_every_field_is_recorded_however_it_is_written(door, model, make, bob, stocks):
    others = {User: bob, type(stocks[1]): stocks[1], Club: ClubFactory(), Event: make_event(bob)}
    others[Plan] = Plan.objects.create(name="another")
    pk, label = make(model).pk, model._meta.label_lower
    for name in sorted(model.audit.recorded):
        with rolled_back():
            row, field = model.objects.get(pk=pk), model._meta.get_field(name)
            setattr(row, name, other_value(row, field, others))

            DOORS[door](row, name)

            entry = AuditEntry.objects.get()
        assert (entry.action, entry.model, entry.key) == ("changed", label, str(pk))
        assert entry.fields == [name]
        assert set(entry.changes) == {name} & model.audit.shown
        if name in model.audit.hidden:
            text = json.dumps([entry.changes, str(entry)])
            assert MARK not in text
            assert "12.34" not in text


@pytest.mark.parametrize("model", AUDITED)
def test_creation_and_deletion_are_recorded_without_hidden_values(model, make):
    row = make.rows[model]()
    created = AuditEntry.objects.filter(model=model._meta.label_lower).latest("pk")
    key = str(row.pk)
    model.objects.filter(pk=row.pk).delete()
    deleted = AuditEntry.objects.filter(model=model._meta.label_lower).latest("pk")

    assert [entry.action for entry in (created, deleted)] == ["created", "deleted"]
    assert {entry.key for entry in (created, deleted)} == {key}
    for entry in (created, deleted):
        assert set(entry.changes) <= model.audit.shown


@pytest.mark.parametrize("model", AUDITED)
def test_changes_of_ignored_fields_cost_nothing(model, make, queries):
    row = make(model)
    for name in sorted(model.audit.ignored):
        queries.clear()
        model.objects.filter(pk=row.pk).update(**{name: getattr(row, name)})
        assert len(queries) == 1, name
    assert not AuditEntry.objects.exists()


def test_bulk_creation_is_recorded_with_one_query_and_hides_no_conflict(alice, stocks, queries):
    queries.clear()
    rows = [
        Carteira(owner=alice, ativo=stock, preco_medio=1, quantidade=1, nota=1) for stock in stocks
    ]
    Carteira.objects.bulk_create(rows)

    assert sum("core_auditentry" in query for query in queries) == 1
    assert AuditEntry.objects.filter(action="created", model="portfolio.carteira").count() == 2
    with pytest.raises(ValueError, match="without conflicts"):
        Carteira.objects.bulk_create(rows, ignore_conflicts=True)


def test_equal_values_leave_no_entry(make):
    row = make(Room)
    row.save()
    Room.objects.filter(pk=row.pk).update(name=row.name, is_closed=row.is_closed)

    assert not AuditEntry.objects.exists()


def test_private_rooms_and_messages_leave_no_entry(alice, bob):
    group = make_group(alice, bob)
    AuditEntry.objects.all().delete()
    group.name = "Outro"
    group.save()
    Room.objects.filter(pk=group.pk).update(is_closed=True)
    Room.objects.filter(pk=group.pk).update(is_closed=False)
    post_message(room_pk=group.pk, author=alice, body="oi")
    group.delete()

    assert not AuditEntry.objects.exists()


def test_models_of_other_packages_are_recorded_when_saved(alice):
    email = EmailAddress.objects.create(user=alice, email="a@example.org")
    every = IntervalSchedule.objects.create(every=10, period="seconds")
    task = PeriodicTask.objects.create(name="x", task="x", interval=every)
    night = CrontabSchedule.objects.create(minute="1", timezone="America/Sao_Paulo")
    AuditEntry.objects.all().delete()

    email.verified = True
    email.save()
    task.enabled = False
    task.save()
    task.last_run_at = NOW
    task.save(update_fields=["last_run_at"])
    night.delete()
    noon = SolarSchedule.objects.create(event="solar_noon", latitude=-23, longitude=-46)
    noon.event = "sunset"
    noon.save()

    rows = AuditEntry.objects.order_by("pk").values_list("model", "action", "fields", "changes")
    assert list(rows)[:2] == [
        ("account.emailaddress", "changed", ["verified"], {"verified": [False, True]}),
        ("django_celery_beat.periodictask", "changed", ["enabled"], {"enabled": [True, False]}),
    ]
    assert [row[1] for row in rows][2:] == ["deleted", "created", "changed"]
    assert rows[4][3] == {"event": ["solar_noon", "sunset"]}


# Transactions ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", ["save", "update"])
def test_a_change_without_its_entry_is_rolled_back(door, monkeypatch):
    room = create_room(host=User.objects.create_user("alice"), name="Sala")
    AuditEntry.objects.all().delete()

    def fail(*_args, **_options):
        raise DatabaseError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(models.QuerySet, "bulk_create", fail)
        room.is_closed = True
        with pytest.raises(DatabaseError):
            DOORS[door](room, "is_closed")

    assert (Room.objects.get().is_closed, AuditEntry.objects.count()) == (False, 0)


def test_deleting_an_account_records_its_rows_with_one_query(alice, stocks, queries):
    for stock in stocks:
        make_alert(alice, stock=stock, compra="30.00")
    AuditEntry.objects.all().delete()
    queries.clear()

    delete_account(user=alice)

    assert sum('INSERT INTO "core_auditentry"' in query for query in queries) == 1
    rows = AuditEntry.objects.values_list("model", "action")
    assert sorted(rows) == [
        ("accounts.user", "deleted"),
        *[("alerts.alert", "deleted")] * 2,
    ]


# Users and ways --------------------------------------------------------------------------------


def ways():
    return list(AuditEntry.objects.order_by("pk").values_list("way", "actor_id", "fields"))


def test_requests_are_recorded_with_their_way_and_user(client, alice, stocks):
    alice.access_level = User.Access.ADMIN
    alice.save()
    alert = make_alert(alice, stock=stocks[0], compra="30.00")
    client.force_login(alice)
    AuditEntry.objects.all().delete()

    client.post("/preferences/", {"theme": "dark"})
    patch = {"note": "x"}
    client.patch(f"/api/v1/alerts/{alert.pk}/", patch, content_type="application/json")
    client.post(f"/admin/accounts/user/{alice.pk}/change/", {
        "username": "alice", "email": "x@example.org", "access_level": "admin", "is_active": "on",
    })  # fmt: skip
    alice.refresh_from_db()
    alice.bio = "x"
    alice.save()

    assert ways() == [
        ("page", alice.pk, []),
        ("api", alice.pk, ["note"]),
        ("admin", alice.pk, ["email"]),
        ("command", None, ["bio"]),
    ]


def test_acts_are_nested_and_end(alice):
    with handling(Context("", SOCKET, person_id=7)), handling(Context("", TASK)):
        alice.bio = "a"
        alice.save()
    alice.bio = "b"
    alice.save()

    assert [row[:2] for row in ways()][-2:] == [("task", alice.pk), ("command", None)]


# The admin -------------------------------------------------------------------------------------


def test_admin_shows_filters_and_exports_entries_and_changes_none(admin_client, make):
    row = make(Room)
    Room.objects.filter(pk=row.pk).update(is_closed=True)
    Room.objects.filter(pk=row.pk).update(name=MARK)
    path, entry = "/admin/core/auditentry/", AuditEntry.objects.latest("pk")

    for query in ({}, {"model": "forum.room"}, {"way": "command"}, {"q": str(row.pk)}):
        assert "forum.room" in admin_client.get(path, query).content.decode()
    assert admin_client.get(f"{path}{entry.pk}/change/").status_code == 200
    assert admin_client.post(f"{path}{entry.pk}/change/", {}).status_code == 403
    for action in ("add/", f"{entry.pk}/delete/"):
        assert admin_client.get(f"{path}{action}").status_code == 403
    keys = list(AuditEntry.objects.values_list("pk", flat=True))
    exported = admin_client.post(path, {"action": "export", "_selected_action": keys})
    lines = b"".join(exported).decode().splitlines()
    assert len(lines) == 3
    assert '"{""is_closed"": [false, true]}"' in lines[1]
    assert MARK not in lines[2]


@pytest.mark.parametrize("year", ["-1", "0", "99999999999999999999", "x", ""])
def test_a_wrong_year_in_a_filter_of_the_admin_is_refused(admin_client, make, year):
    make(Room)
    for path in ("core/auditentry/?at__year=", "accounts/user/?date_joined__year="):
        assert admin_client.get(f"/admin/{path}{year}").status_code == 400
    assert admin_client.get("/admin/core/auditentry/?at__year=2026").status_code == 200


def test_tasks_that_are_switched_off_in_the_admin_leave_entries(admin_client, db):
    every = IntervalSchedule.objects.create(every=10, period="seconds")
    tasks = [PeriodicTask.objects.create(name=name, task="x", interval=every) for name in "ab"]
    AuditEntry.objects.all().delete()

    admin_client.post(
        "/admin/django_celery_beat/periodictask/",
        {"action": "disable_tasks", "_selected_action": [task.pk for task in tasks]},
    )

    entries = AuditEntry.objects.filter(model="django_celery_beat.periodictask")
    assert [entry.fields for entry in entries] == [["enabled"]] * 2
    assert {entry.way for entry in entries} == {"admin"}
