"""The migration of reports and of the log to the moderation app, on the real tables."""

import pytest
from django.utils import timezone

from mainapp.core.tests.migrating import migrated_to
from mainapp.moderation.models import Case, Complaint, LogEntry

BEFORE = [("forum", "0007_kinds_of_messages"), ("accounts", "0010_suspension")]


@pytest.mark.timeout(180)  # migrations of all features
@pytest.mark.django_db(transaction=True)
def test_open_and_resolved_reports_become_cases_with_a_copy():
    now = timezone.now()
    with migrated_to(BEFORE) as apps:
        users, rows = apps.get_model("accounts", "User").objects, apps.get_model
        alice, bob, carla = (users.create(username=name) for name in ("alice", "bob", "carla"))
        room = rows("forum", "Room").objects.create(
            host_id=alice.pk, name="Sala", created_at=now, active_at=now, last_seq=1
        )
        message = rows("forum", "Message").objects.create(
            room=room, author_id=bob.pk, seq=1, body="ofensa", body_html="", sent_at=now
        )
        report = rows("forum", "Report").objects.create
        report(message=message, reporter_id=alice.pk, reported_at=now, resolved_at=now)
        for reporter in (bob, carla):
            report(message=message, reporter_id=reporter.pk, reason="spam", reported_at=now)
        rows("forum", "ModerationEntry").objects.create(
            room=room, room_name="Sala", action="delete_message", detail="ofensa", done_at=now
        )

    cases = Case.objects.order_by("pk").values_list("state", "decision", "scope", "person")
    assert list(cases) == [
        ("closed", "dismissed", f"room:{room.pk}", bob.pk),
        ("open", "", f"room:{room.pk}", bob.pk),
    ]
    assert [case.complaints.count() for case in Case.objects.order_by("pk")] == [1, 2]
    assert Case.objects.last().copies[0]["lines"][0]["text"] == "ofensa"
    assert Complaint.objects.filter(reason="spam").count() == 2
    assert list(LogEntry.objects.values_list("place", "action", "detail")) == [
        ("Sala", "delete_message", "")
    ]
