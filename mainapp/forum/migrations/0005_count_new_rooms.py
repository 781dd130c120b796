"""Count the rooms of the last 24 hours in the counter that now limits new rooms."""

from datetime import timedelta

from django.db import migrations
from django.db.models import Count, Min
from django.utils import timezone

ONE_DAY = timedelta(days=1)


def count_rooms(apps, schema_editor):
    usage = apps.get_model("core", "Usage")
    recent = apps.get_model("forum", "Room").objects.filter(
        host__isnull=False, created_at__gt=timezone.now() - ONE_DAY
    )
    by_host = recent.order_by().values("host").annotate(n=Count("pk"), first=Min("created_at"))
    usage.objects.bulk_create(
        (
            usage(
                user_id=row["host"],
                limit="rooms",
                count=row["n"],
                window_ends_at=row["first"] + ONE_DAY,
            )
            for row in by_host
        ),
        batch_size=500,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_usage"),
        ("forum", "0004_order_messages_without_a_join"),
    ]

    operations = [migrations.RunPython(count_rooms, migrations.RunPython.noop)]
