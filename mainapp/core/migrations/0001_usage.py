"""Move the daily counters from accounts; each becomes a window that ends at the end of its day."""

from datetime import datetime, time, timedelta

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

ONE_DAY = timedelta(days=1)


def copy_counts(apps, schema_editor):
    counted = apps.get_model("accounts", "Usage").objects.order_by("day")
    newest = {(row.user_id, row.kind): row for row in counted.iterator()}
    usage = apps.get_model("core", "Usage")
    usage.objects.bulk_create(
        (
            usage(
                user_id=row.user_id,
                limit=row.kind,
                count=row.count,
                window_ends_at=timezone.make_aware(datetime.combine(row.day + ONE_DAY, time())),
            )
            for row in newest.values()
        ),
        batch_size=500,
    )


def copy_back(apps, schema_editor):
    usage = apps.get_model("accounts", "Usage")
    usage.objects.bulk_create(
        (
            usage(
                user_id=row.user_id,
                kind=row.limit,
                count=row.count,
                day=timezone.localdate(row.window_ends_at - timedelta(seconds=1)),
            )
            for row in apps.get_model("core", "Usage").objects.filter(limit="uploads").iterator()
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("accounts", "0005_usage"),
    ]

    operations = [
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("limit", models.CharField(max_length=40)),
                ("count", models.PositiveIntegerField(default=0)),
                ("window_ends_at", models.DateTimeField()),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="usages", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "limit"), name="one_usage_of_each_limit")],
            },
        ),
        migrations.RunPython(copy_counts, copy_back),
    ]
