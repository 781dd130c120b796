"""The values of the dashboard, who reads them, the samples of its curves, and its page."""

from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import connection
from django_celery_beat.models import PeriodicTask

from mainapp.accounts.models import User
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.forum.models import Message
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, fill_room
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Delivery
from mainapp.notifications.tests.factories import delivery
from mainapp.operations.board.dashboard import SNAPSHOT_KEY, load_snapshot, take_turn
from mainapp.operations.models import SLOTS, Sample
from mainapp.operations.selectors.dashboard import curves, sizes
from mainapp.operations.services import sampling
from mainapp.operations.services.dashboard import current_snapshot
from mainapp.operations.services.sampling import ensure_sampling, write_sample

AT = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return User.objects.create_user("root", access_level="admin")


def end_turn(name):
    redis_client().delete(key("dashboard", "turn", name))


def test_only_the_process_whose_turn_it_is_reads(django_assert_num_queries):
    with django_assert_num_queries(2):  # counts and curves
        first, is_reader = current_snapshot(at=AT)
    assert is_reader
    with django_assert_num_queries(0):
        for _process in range(50):
            assert current_snapshot(at=AT) == (first, False)
        end_turn("live")
        assert current_snapshot(at=AT) == (first, True)


def test_a_call_costs_one_query_also_if_counts_and_curves_are_due(django_assert_num_queries):
    current_snapshot(at=AT)
    RoomFactory()
    for name in ("live", "counts", "curves"):
        end_turn(name)
    counts = []
    for _second in range(2):
        with django_assert_num_queries(1):
            counts.append(current_snapshot(at=AT)[0]["rooms_count"])
        end_turn("live")

    assert counts == [0, 1]


def test_turn_left_by_a_clock_that_was_set_back_is_taken():
    redis_client().set(key("dashboard", "turn", "live"), 1, px=3_600_000)

    assert take_turn("live", 1000)
    assert not take_turn("live", 1000)


def test_forged_snapshot_is_ignored():
    redis_client().set(SNAPSHOT_KEY, b"\0" * 16 + b'{"users_count": 999}')

    assert load_snapshot() == {}


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_sizes_cost_one_query(rows, django_assert_num_queries):
    room = RoomFactory()
    for _number in range(rows):
        MessageFactory(room=room)
        delivery()

    with django_assert_num_queries(1):
        read = sizes()

    assert (read.counts["messages_count"], read.counts["outbox_depth"]) == (rows, rows)
    assert (read.about, read.at_least) == ([], [])


def test_larger_tables_are_estimated_and_longer_backlogs_bounded(alice):
    fill_room(RoomFactory(), alice, 5)
    for _number in range(4):
        delivery()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Message._meta.db_table}")

    read = sizes(exact=2)

    assert read.counts["messages_count"] == 5
    assert read.counts["outbox_depth"] == 3
    assert "messages_count" in read.about
    assert read.at_least == ["outbox_depth"]


def test_sent_messages_are_not_in_the_outbox():
    delivery()
    Delivery.objects.update(state="sent")

    assert sizes().counts["outbox_depth"] == 0


def test_sample_has_what_was_written_since_the_one_before(alice, django_assert_num_queries):
    fill_room(RoomFactory(), alice, 3)
    assert write_sample(at=AT)
    fill_room(RoomFactory(), alice, 4)

    with django_assert_num_queries(3):
        assert write_sample(at=AT + 2 * MINUTE)
    assert not write_sample(at=AT + 2 * MINUTE)

    rows = list(Sample.objects.values_list("minute", "messages", "firings", "outbox", "sockets"))
    minute = AT.replace(second=0)
    assert rows == [(minute, None, None, 0, 0), (minute + 2 * MINUTE, 2, 0, 0, 0)]


def test_numbers_a_minute_are_unknown_after_a_long_pause(alice):
    write_sample(at=AT)
    fill_room(RoomFactory(), alice, 3)
    write_sample(at=AT + 20 * MINUTE)

    assert Sample.objects.last().messages is None


def test_sample_of_a_clock_that_ran_ahead_is_no_predecessor():
    write_sample(at=AT + timedelta(days=1))

    assert write_sample(at=AT)
    assert [row[0] for row in curves(at=AT)] == ["2026-03-04T12:00:00.000Z"]


def test_samples_need_no_more_rows_than_two_hours():
    for number in range(SLOTS + 5):
        write_sample(at=AT + number * MINUTE)

    assert Sample.objects.count() == SLOTS
    assert len(curves(at=AT + (SLOTS + 4) * MINUTE)) == 60


def test_sample_without_redis_has_what_the_database_knows(monkeypatch):
    def fail():
        raise redis.ConnectionError("away")

    monkeypatch.setattr(sampling, "open_sockets", fail)
    write_sample(at=AT)

    sample = Sample.objects.get()
    assert (sample.sockets, sample.batch_age_s, sample.outbox) == (None, None, 0)


def test_curves_survive_an_empty_redis():
    for number in range(3):
        write_sample(at=AT + number * MINUTE)
    at = AT + 2 * MINUTE
    before, _ = current_snapshot(at=at)
    redis_client().flushall()

    after, _ = current_snapshot(at=at)

    assert len(after["curves"]) == 3
    assert after["curves"] == before["curves"]


def test_sampling_is_scheduled_once_and_an_admins_change_is_kept():
    ensure_sampling()
    PeriodicTask.objects.filter(name=sampling.TASK).update(enabled=False)
    ensure_sampling()

    assert list(PeriodicTask.objects.filter(name=sampling.TASK).values_list("task", "enabled")) == [
        ("sample_instance", False)
    ]


@pytest.mark.database_independent
def test_page_is_in_the_menu_of_admins_only(client, admin, alice):
    StockFactory(symbol="PETR4")
    for user, is_listed in ((admin, True), (alice, False)):
        client.force_login(user)
        assert ('href="/painel/"' in client.get("/sources/").content.decode()) is is_listed
    client.force_login(admin)
    page = client.get("/painel/")
    assert page.status_code == 200
    assert page["Cache-Control"].count("no-store") == 1
