"""Move reports and the log of moderation to their own app; add filtered words."""

from django.db import migrations, models


def move_log(apps, _schema_editor):
    """Copy the log, without the texts of deleted messages."""
    entries = apps.get_model("moderation", "LogEntry").objects
    for row in apps.get_model("forum", "ModerationEntry").objects.order_by("pk").iterator():
        entries.create(
            scope=f"room:{row.room_id}" if row.room_id else "",
            place=row.room_name,
            actor_id=row.actor_id,
            target_id=row.target_id,
            action=row.action,
            detail="" if row.action == "delete_message" else row.detail,
            done_at=row.done_at,
        )


def move_reports(apps, _schema_editor):
    """Make one case of the open and one of the resolved reports of each message."""
    cases = {}
    reports = apps.get_model("forum", "Report").objects.select_related("message__room")
    for report in reports.order_by("reported_at", "pk"):
        key = report.message_id, report.resolved_at is None
        case = cases.get(key) or _new_case(apps, report)
        cases[key] = case
        if report.resolved_at and report.resolved_at > case.closed_at:
            case.closed_at = report.resolved_at
            case.save()
        apps.get_model("moderation", "Complaint").objects.create(
            case=case,
            reporter_id=report.reporter_id,
            reason=report.reason,
            reported_at=report.reported_at,
        )


def _new_case(apps, report):
    message, room = report.message, report.message.room
    line = {"text": message.body, "author": message.author_id, "seq": message.seq}
    line |= {"at": message.sent_at.isoformat(), "is_reported": True}
    decision = "removed" if message.deleted_at else "dismissed"
    is_private = room.kind != "forum"
    return apps.get_model("moderation", "Case").objects.create(
        kind="message",
        subject_id=message.pk,
        person_id=message.author_id,
        scope="" if is_private else f"room:{room.pk}",
        place="" if is_private else room.name,
        is_private=is_private,
        url=f"/room/{room.pk}/#m{message.seq}",
        copies=[{"at": report.reported_at.isoformat(), "lines": [line]}],
        state="closed" if report.resolved_at else "open",
        decision=decision if report.resolved_at else "",
        opened_at=report.reported_at,
        closed_at=report.resolved_at,
    )


class Migration(migrations.Migration):

    dependencies = [
        ("forum", "0007_kinds_of_messages"),
        ("moderation", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(move_log, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(move_reports, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            model_name="room",
            name="filtered_words",
            field=models.TextField(
                blank=True, default="", max_length=2000, verbose_name="palavras barradas"
            ),
            preserve_default=False,
        ),
        migrations.DeleteModel(name="Report"),
        migrations.DeleteModel(name="ModerationEntry"),
    ]
