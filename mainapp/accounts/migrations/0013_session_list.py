"""Add the log-ins that are open during the update to their users' lists of sessions."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

BATCH = 500
UNKNOWN = "0.0.0.0"


def list_sessions(apps, schema_editor):
    database = schema_editor.connection.alias
    session_model = apps.get_model("sessions", "Session").objects.using(database)
    row_model, user_model = (
        apps.get_model(*name) for name in (("usersessions", "UserSession"), ("accounts", "User"))
    )
    users = {str(pk) for pk in user_model.objects.using(database).values_list("pk", flat=True)}
    now, rows = timezone.now(), []
    for session in session_model.filter(expire_date__gt=now).iterator(BATCH):
        user = SessionStore().decode(session.session_data).get(SESSION_KEY)
        if user in users:
            rows.append(
                row_model(
                    user_id=int(user), session_key=session.session_key, ip=UNKNOWN,
                    created_at=now, last_seen_at=now,
                )
            )
    row_model.objects.using(database).bulk_create(rows, BATCH, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0012_plan"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(list_sessions, migrations.RunPython.noop)]
