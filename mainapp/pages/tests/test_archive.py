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
from mainapp.accounts.services.avatars import AVATARS
from mainapp.core.pictures.folders import new_key
from mainapp.forum.models import Message, Participant
from mainapp.forum.tests.factories import make_group
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.notifications.models import Attempt, Broadcast, Channel, Delivery, Mark, Notification
from mainapp.pages.selectors.archive import write_archive
from mainapp.pages.selectors.tables import EXCLUDED
from mainapp.pages.tests.people import join, moderate, report, room, write_message
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db

NAMES = [
    "account", "emails", "preferences", "blocks", "second_factors", "sessions",
    "watchlists", "watchlist_items", "rooms",
    "messages", "reactions", "participations", "complaints", "moderation_done",
    "moderation_suffered", "carteira", "uploads",
    "notifications", "notification_marks", "channels", "deliveries", "delivery_attempts",
    "broadcasts", "audit_details", "clubs", "club_invitations", "alerts", "club_alerts",
    "alert_firings",
    "ideas", "idea_comments", "idea_filters", "events", "orders", "calendar_link", "api_keys",
]  # fmt: skip


def archive_of(user):
    file = io.BytesIO()
    write_archive(user, file, at=timezone.now())
    return ZipFile(file)


def rows(archive, name):
    return json.loads(archive.read(f"{name}.json"))


def cells(archive, name):
    text = archive.read(f"{name}.csv").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def make_notifications(user):
    """Create a read notification with a failed webhook delivery, and a broadcast by the user."""
    notification = Notification.objects.create(
        user=user, kind="alert", title="=PETR4 caiu", url="/alerts/", created_at=NOON
    )
    Mark.objects.create(user=user, notification=notification, kind="read", at=NOON)
    channel = Channel.objects.create(
        user=user, kind="webhook", address="https://example.com/hook", secret="the-secret",
        created_at=NOON,
    )  # fmt: skip
    delivery = Delivery.objects.create(
        user=user, notification=notification, channel=channel, kind="webhook",
        address=channel.address, subject="PETR4 caiu", text="/unsubscribe/", due_at=NOON,
        created_at=NOON,
    )  # fmt: skip
    Attempt.objects.create(delivery=delivery, at=NOON, outcome="failed", error="timeout")
    Broadcast.objects.create(author=user, title="Manutenção", body="Às 22h", created_at=NOON)


@pytest.fixture
def alice_with_data(alice, bob, settings, tmp_path):
    """Alice, with a row in every table."""
    settings.MEDIA_ROOT = tmp_path
    alice.avatar_key = new_key()
    alice.bio = "Olá,\n“mundo”"
    alice.save()
    AVATARS.folders.folder(alice.avatar_key).mkdir(parents=True)
    (AVATARS.folders.folder(alice.avatar_key) / "600.webp").write_bytes(b"picture")
    Preferences.objects.create(user=alice, theme="dark")
    StockFactory(symbol="PETR4")
    create_list(owner=alice, name="=cmd|' /C calc'!A0", symbols=["PETR4"])
    Carteira.objects.create(
        owner=alice, ativo=StockFactory(symbol="VALE3"), preco_medio=Decimal("38.42000001"),
        quantidade=Decimal("100.5"), nota=7,
    )  # fmt: skip
    in_room, bobs_room = room(alice), room(bob, "De Bob")
    write_message(alice, in_room, 'Um, "dois"\n=3 çã \N{CHART WITH UPWARDS TREND}')
    write_message(alice, bobs_room, "", deleted_at=NOON)
    report(alice, write_message(bob, bobs_room, "Texto de Bob"))
    join(alice, bobs_room)
    moderate(alice, bob, in_room)
    moderate(bob, alice, bobs_room, detail="+1")
    make_notifications(alice)
    return alice


def test_the_archive_has_all_tables_of_a_user(alice_with_data):
    archive = archive_of(alice_with_data)

    assert archive.testzip() is None
    assert archive.namelist() == ["README.txt", "picture.webp"] + [
        f"{name}.{kind}" for name in NAMES for kind in ("json", "csv")
    ]
    assert archive.read("picture.webp") == b"picture"
    assert rows(archive, "account")[0]["bio"] == "Olá,\n“mundo”"
    assert rows(archive, "preferences") == [
        {
            "language": "",
            "theme": "dark",
            "monitoring_minutes": 0,
            "hides_presence": False,
            "hides_talk_in_mails": False,
            "time_zone": "America/Sao_Paulo",
            "follows_agenda": False,
            "gets_news": True,
        }
    ]
    assert rows(archive, "watchlist_items")[0]["symbol"] == "PETR4"
    assert [row["room"] for row in rows(archive, "messages")] == ["Bancos", "De Bob"]
    assert rows(archive, "complaints")[0] | {"id": 0} == {
        "kind": "message", "id": 0, "place": "De Bob", "category": "other", "reason": "spam",
        "reported_at": "2026-03-10T15:00:00Z", "decided_at": None,
    }  # fmt: skip
    assert rows(archive, "carteira") == [
        {"ativo": "VALE3", "preco_medio": "38.42000001", "quantidade": "100.50000000", "nota": 7}
    ]
    assert [len(rows(archive, f"moderation_{side}")) for side in ("done", "suffered")] == [1, 1]


def test_the_archive_has_notifications_and_deliveries(alice_with_data):
    archive = archive_of(alice_with_data)

    assert [row["title"] for row in rows(archive, "notifications")] == ["=PETR4 caiu"]
    assert cells(archive, "notifications")[1][2] == "'=PETR4 caiu"
    assert rows(archive, "notification_marks")[0]["mark"] == "read"
    assert [row["address"] for row in rows(archive, "channels")] == ["https://example.com/hook"]
    assert [row["subject"] for row in rows(archive, "deliveries")] == ["PETR4 caiu"]
    assert rows(archive, "delivery_attempts")[0]["error"] == "timeout"
    assert [row["title"] for row in rows(archive, "broadcasts")] == ["Manutenção"]


def test_channel_secrets_and_mail_texts_are_not_in_the_archive(alice_with_data):
    archive = archive_of(alice_with_data)
    everything = b"".join(archive.read(name) for name in archive.namelist())

    assert b"the-secret" not in everything
    assert b"/unsubscribe/" not in everything


def test_every_foreign_key_to_a_user_is_queried_or_excluded(alice, django_assert_max_num_queries):
    """A new foreign key to a user needs a table in the archive or a line in EXCLUDED."""
    with django_assert_max_num_queries(100) as queries:
        archive_of(alice)
    filters = " ".join(query["sql"].partition(" WHERE ")[2] for query in queries.captured_queries)
    naming = {
        f"{model._meta.label}.{field.name}": f'"{model._meta.db_table}"."{field.column}" = '
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.related_model is User
    }

    assert {name for name, sql in naming.items() if sql not in filters} == set(EXCLUDED)


def test_json_and_csv_have_the_same_rows(alice_with_data):
    archive = archive_of(alice_with_data)

    for name in NAMES:
        table, objects = cells(archive, name), rows(archive, name)
        assert len(table) == len(objects) + 1
        if objects:
            assert table[0] == list(objects[0])
    assert cells(archive, "messages")[1][3] == rows(archive, "messages")[0]["body"]


def test_data_of_other_users_is_not_in_the_archive(alice_with_data, bob):
    archive = archive_of(alice_with_data)
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="ignore")

    assert "Texto de Bob" not in everything
    assert "bob" not in everything
    assert alice_with_data.password not in everything


def test_a_group_that_was_left_is_named_nowhere_in_the_archive(alice, bob):
    group = make_group(bob, alice, name="canário")
    write_message(alice, group, "minha")
    assert rows(archive_of(alice), "messages")[0]["room"] == "canário"
    Participant.objects.filter(user=alice).update(left_at=NOON)

    archive = archive_of(alice)

    assert [row["body"] for row in rows(archive, "messages")] == ["minha"]
    assert "canário" not in "".join(archive.read(name).decode() for name in archive.namelist())


def test_no_csv_cell_is_a_formula_and_json_is_unchanged(alice_with_data):
    archive = archive_of(alice_with_data)

    assert rows(archive, "watchlists")[0]["name"] == "=cmd|' /C calc'!A0"
    assert cells(archive, "watchlists")[1][1] == "'=cmd|' /C calc'!A0"
    assert cells(archive, "moderation_suffered")[1][2] == "'+1"


def test_csv_files_open_in_a_brazilian_spreadsheet(alice_with_data):
    text = archive_of(alice_with_data).read("carteira.csv").decode()

    assert text == (
        "\ufeffativo;preco_medio;quantidade;nota\r\nVALE3;38,42000001;100,50000000;7\r\n"
    )


def test_the_readme_is_bilingual_and_lists_the_files(alice_with_data):
    readme = archive_of(alice_with_data).read("README.txt").decode()

    assert "OS SEUS DADOS" in readme
    assert "YOUR DATA" in readme
    for name in NAMES:
        assert f"{name}.json, {name}.csv: " in readme


def test_a_user_without_data_gets_empty_tables(alice):
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
def test_the_archive_costs_the_same_queries_at_any_size(alice, count, django_assert_num_queries):
    for number in range(count):
        write_message(alice, room(alice, f"Sala {number}"))
        create_list(owner=alice, name=f"Lista {number}") if number < 20 else None
    alice = User.objects.select_related("preferences").get(pk=alice.pk)

    with django_assert_num_queries(35):
        archive_of(alice)


def test_memory_is_bounded_for_any_number_of_messages(alice, tmp_path):
    in_room = room(alice)
    Message.objects.bulk_create(
        (
            Message(
                room=in_room, author=alice, seq=n, body=f"mensagem {n} " * 40, body_html="",
                sent_at=NOON + timedelta(seconds=n),
            )
            for n in range(1, 6_001)
        ),
        batch_size=3000,
    )  # fmt: skip
    tracemalloc.start()
    with (tmp_path / "archive.zip").open("w+b") as file:
        write_archive(alice, file, at=timezone.now())
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert ZipFile(file).read("messages.csv").count(b"\r\n") == 6_001

    assert peak < 6 * 1024 * 1024


# The page --------------------------------------------------------------------------------------


def test_the_archive_is_a_download(alice_with_data):
    client = Client()
    client.force_login(alice_with_data)

    response = client.post("/export-data/")
    content = b"".join(response.streaming_content)

    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="pregao-')
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert int(response["Content-Length"]) == len(content)
    assert rows(ZipFile(io.BytesIO(content)), "account")[0]["username"] == "alice"


async def test_the_archive_streams_from_the_asgi_server(alice):
    client = AsyncClient()
    await client.aforce_login(alice)

    response = await client.post("/export-data/")
    content = b"".join([piece async for piece in response.streaming_content])

    assert response.is_async
    names = await sync_to_async(lambda: ZipFile(io.BytesIO(content)).namelist())()
    assert "account.json" in names


def test_anonymous_visitors_are_sent_to_the_log_in(client, db):
    assert client.post("/export-data/").url == "/login/?next=/export-data/"
