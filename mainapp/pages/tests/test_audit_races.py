"""The audit of rows that two transactions change at the same time."""

import time
from threading import Thread

import pytest
from django.db import connection, transaction

from mainapp.accounts.models import User
from mainapp.core.models import AuditEntry
from mainapp.forum.models import Room
from mainapp.forum.tests.factories import RoomFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer"),
]


def in_thread(change):
    """Start a thread that makes a change by a connection of its own."""

    def run():
        try:
            change()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def wait_for_lock():
    """Return once another connection waits for a lock of this one."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    ends_at = time.monotonic() + 10
    while time.monotonic() < ends_at:
        with connection.cursor() as cursor:
            cursor.execute(query)
            if cursor.fetchone()[0]:
                return
    pytest.fail("no connection waits")


def test_a_row_that_appears_during_an_update_is_not_changed_without_an_entry():
    room = RoomFactory(is_closed=False)
    AuditEntry.objects.all().delete()
    added = []

    def add_before_update(execute, sql, params, many, context):
        if sql.startswith('UPDATE "forum_room"') and not added:
            in_thread(lambda: added.append(RoomFactory(is_closed=False))).join()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(add_before_update):
        count = Room.objects.filter(is_closed=False).update(is_closed=True)

    changed = AuditEntry.objects.filter(model="forum.room", action="changed")
    closed = Room.objects.filter(is_closed=True).values_list("pk", flat=True)
    assert len(added) == 1
    assert (count, list(closed)) == (1, [room.pk])
    assert list(changed.values_list("key", flat=True)) == [str(room.pk)]


def test_concurrent_saves_are_recorded_one_after_the_other():
    room = RoomFactory(name="Sala", is_closed=False)
    other, third = (User.objects.create_user(name) for name in ("otto", "rita"))
    AuditEntry.objects.all().delete()

    def save(host):
        row = Room.objects.get(pk=room.pk)
        row.host = host
        row.save()

    with transaction.atomic():
        save(other)
        thread = in_thread(lambda: save(third))
        wait_for_lock()
    thread.join()

    entries = AuditEntry.objects.filter(model="forum.room", action="changed").order_by("pk")
    assert [entry.changes["host"] for entry in entries] == [
        [room.host_id, other.pk],
        [other.pk, third.pk],
    ]
