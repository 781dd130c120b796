import csv
import io
import json
import tracemalloc
from datetime import timedelta
from decimal import Decimal
from zipfile import ZipFile

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.test import AsyncClient, Client
from django.utils import timezone

from mainapp.accounts import personal_data
from mainapp.accounts.models import Preferences, User
from mainapp.accounts.pictures import folders
from mainapp.forum.models import Message
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.notifications.models import Attempt, Broadcast, Channel, Delivery, Mark, Notification
from mainapp.pages.selectors.archive import neutralised, write_archive
from mainapp.pages.selectors.tables import STAYS_OUT
from mainapp.pages.tests.people import moderate, report, room, say, take_part
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db

NAMES = [
    "account", "emails", "preferences", "watchlists", "watchlist_items", "rooms", "messages",
    "participations", "reports", "moderation_done", "moderation_suffered", "carteira",
    "notifications", "notification_marks", "channels", "deliveries", "delivery_attempts",
    "broadcasts", "alerts", "alert_firings",
]  # fmt: skip


def archive_of(user):
    file = io.BytesIO()
    write_archive(user, file, at=timezone.now())
    return ZipFile(file)


def rows(archive, name):
    return json.loads(archive.read(f"{name}.json"))


def cells(archive, name):
    return list(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode(), newline="")))


def hear(user):
    """Have a person be told something, by way of a channel that was slow, and tell all."""
    told = Notification.objects.create(
        user=user, kind="alert", title="=PETR4 caiu", url="/alerts/", created_at=NOON
    )
    Mark.objects.create(user=user, notification=told, kind="read", at=NOON)
    channel = Channel.objects.create(
        user=user, kind="webhook", address="https://example.com/hook", secret="the-secret",
        created_at=NOON,
    )  # fmt: skip
    delivery = Delivery.objects.create(
        user=user, notification=told, channel=channel, kind="webhook", address=channel.address,
        subject="PETR4 caiu", text="/unsubscribe/", due_at=NOON, created_at=NOON,
    )  # fmt: skip
    Attempt.objects.create(delivery=delivery, at=NOON, outcome="failed", error="timeout")
    Broadcast.objects.create(author=user, title="Manutenção", body="Às 22h", created_at=NOON)


@pytest.fixture
def full(alice, bob, settings, tmp_path):
    """Alice, with something of everything."""
    settings.MEDIA_ROOT = tmp_path
    alice.avatar_key = folders.new_key()
    alice.bio = "Olá,\n“mundo”"
    alice.save()
    folders.folder(alice.avatar_key).mkdir(parents=True)
    (folders.folder(alice.avatar_key) / "600.webp").write_bytes(b"picture")
    Preferences.objects.create(user=alice, theme="dark")
    StockFactory(symbol="PETR4")
    create_list(owner=alice, name="=cmd|' /C calc'!A0", symbols=["PETR4"])
    Carteira.objects.create(
        owner=alice, ativo=StockFactory(symbol="VALE3"), preco_medio=Decimal("38.42000001"),
        quantidade=Decimal("100.5"), nota=7,
    )  # fmt: skip
    where, other = room(alice), room(bob, "De Bob")
    say(alice, where, 'Um, "dois"\n=3 çã \N{CHART WITH UPWARDS TREND}')
    say(alice, other, "", deleted_at=NOON)
    report(alice, say(bob, other, "Texto de Bob"))
    take_part(alice, other)
    moderate(alice, bob, where)
    moderate(bob, alice, other, detail="+1")
    hear(alice)
    return alice


def test_the_archive_holds_everything_of_a_person(full):
    archive = archive_of(full)

    assert archive.testzip() is None
    assert archive.namelist() == ["README.txt", "picture.webp"] + [
        f"{name}.{kind}" for name in NAMES for kind in ("json", "csv")
    ]
    assert archive.read("picture.webp") == b"picture"
    assert rows(archive, "account")[0]["bio"] == "Olá,\n“mundo”"
    assert rows(archive, "preferences") == [
        {"language": "", "theme": "dark", "monitoring_minutes": 0}
    ]
    assert rows(archive, "watchlist_items")[0]["symbol"] == "PETR4"
    assert [one["room"] for one in rows(archive, "messages")] == ["Bancos", "De Bob"]
    assert rows(archive, "reports")[0] | {"message_id": 0} == {
        "message_id": 0, "room": "De Bob", "seq": 2, "reason": "spam",
        "reported_at": "2026-03-10T15:00:00Z", "resolved_at": None,
    }  # fmt: skip
    assert rows(archive, "carteira") == [
        {"ativo": "VALE3", "preco_medio": "38.42000001", "quantidade": "100.50000000", "nota": 7}
    ]
    assert [len(rows(archive, f"moderation_{side}")) for side in ("done", "suffered")] == [1, 1]


def test_the_archive_holds_what_a_person_was_told(full):
    archive = archive_of(full)

    assert [one["title"] for one in rows(archive, "notifications")] == ["=PETR4 caiu"]
    assert cells(archive, "notifications")[1][2] == "'=PETR4 caiu"
    assert rows(archive, "notification_marks")[0]["mark"] == "read"
    assert [one["address"] for one in rows(archive, "channels")] == ["https://example.com/hook"]
    assert [one["subject"] for one in rows(archive, "deliveries")] == ["PETR4 caiu"]
    assert rows(archive, "delivery_attempts")[0]["error"] == "timeout"
    assert [one["title"] for one in rows(archive, "broadcasts")] == ["Manutenção"]


def test_no_key_of_a_channel_or_link_of_a_mail_is_in_the_archive(full):
    archive = archive_of(full)
    everything = b"".join(archive.read(name) for name in archive.namelist())

    assert b"the-secret" not in everything
    assert b"/unsubscribe/" not in everything


def test_every_row_that_names_a_person_is_asked_for(alice, django_assert_max_num_queries):
    """A new model with a person in it is put into the archive, or said to stay out of it."""
    with django_assert_max_num_queries(100) as asked:
        archive_of(alice)
    filters = " ".join(query["sql"].partition(" WHERE ")[2] for query in asked.captured_queries)
    naming = {
        f"{model._meta.label}.{field.name}": f'"{model._meta.db_table}"."{field.column}" = '
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.related_model is User
    }

    assert {name for name, sql in naming.items() if sql not in filters} == set(STAYS_OUT)


def test_json_and_csv_hold_the_same(full):
    archive = archive_of(full)

    for name in NAMES:
        table, objects = cells(archive, name), rows(archive, name)
        assert len(table) == len(objects) + 1
        if objects:
            assert table[0] == list(objects[0])
    assert cells(archive, "messages")[1][3] == rows(archive, "messages")[0]["body"]


def test_nothing_of_others_is_in_it(full, bob):
    archive = archive_of(full)
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="ignore")

    assert "Texto de Bob" not in everything
    assert "bob" not in everything
    assert full.password not in everything


def test_no_cell_is_a_formula_and_json_is_as_it_was_written(full):
    archive = archive_of(full)

    assert rows(archive, "watchlists")[0]["name"] == "=cmd|' /C calc'!A0"
    assert cells(archive, "watchlists")[1][1] == "'=cmd|' /C calc'!A0"
    assert cells(archive, "moderation_suffered")[1][2] == "'+1"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "\uff1d"])
def test_what_a_spreadsheet_would_run_is_neutralised(start):
    assert neutralised(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("value", ["a=1", "", None, 3, Decimal("-3.5"), "1-2", "'=1"])
def test_other_cells_stay(value):
    assert neutralised(value) == value


def test_the_readme_speaks_both_languages_and_names_the_files(full):
    readme = archive_of(full).read("README.txt").decode()

    assert "OS SEUS DADOS" in readme
    assert "YOUR DATA" in readme
    for name in NAMES:
        assert f"{name}.json, {name}.csv: " in readme


def test_who_has_nothing_gets_empty_tables(alice):
    archive = archive_of(alice)

    assert rows(archive, "messages") == []
    assert len(cells(archive, "messages")) == 1
    assert "picture.webp" not in archive.namelist()


def test_a_feature_may_add_a_table(alice, monkeypatch):
    monkeypatch.setattr(personal_data, "_tables", {})
    personal_data.register_table(
        personal_data.Table(name="alerts", columns=("id",), rows=lambda user: [(user.pk,)])
    )

    assert rows(archive_of(alice), "alerts") == [{"id": alice.pk}]


@pytest.mark.parametrize("count", [3, 30])
def test_queries_stay_the_same_however_much_there_is(alice, count, django_assert_num_queries):
    for number in range(count):
        say(alice, room(alice, f"Sala {number}"))
        create_list(owner=alice, name=f"Lista {number}") if number < 20 else None
    alice = User.objects.select_related("preferences").get(pk=alice.pk)

    with django_assert_num_queries(18):
        archive_of(alice)


def test_memory_stays_small_however_many_messages(alice, tmp_path):
    where = room(alice)
    Message.objects.bulk_create(
        (
            Message(
                room=where, author=alice, seq=n, body=f"mensagem {n} " * 40, body_html="",
                sent_at=NOON + timedelta(seconds=n),
            )
            for n in range(1, 12_001)
        ),
        batch_size=5000,
    )  # fmt: skip
    tracemalloc.start()
    with (tmp_path / "archive.zip").open("w+b") as file:
        write_archive(alice, file, at=timezone.now())
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert ZipFile(file).read("messages.csv").count(b"\r\n") == 12_001

    assert peak < 6 * 1024 * 1024


# The page --------------------------------------------------------------------------------------


def test_the_archive_is_a_download(full):
    client = Client()
    client.force_login(full)

    answer = client.post("/export-data/")
    content = b"".join(answer.streaming_content)

    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith('attachment; filename="pregao-')
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert int(answer["Content-Length"]) == len(content)
    assert rows(ZipFile(io.BytesIO(content)), "account")[0]["username"] == "alice"


async def test_the_archive_streams_from_the_asgi_server(alice):
    client = AsyncClient()
    await client.aforce_login(alice)

    answer = await client.post("/export-data/")
    content = b"".join([piece async for piece in answer.streaming_content])

    assert answer.is_async
    names = await sync_to_async(lambda: ZipFile(io.BytesIO(content)).namelist())()
    assert "account.json" in names


def test_strangers_have_no_archive(client, db):
    assert client.post("/export-data/").url == "/login/?next=/export-data/"
