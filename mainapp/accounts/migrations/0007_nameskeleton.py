import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mainapp.core.names import skeletons

CHUNK = 500


def record_names(apps, schema_editor):
    """Record what the names of existing users look like; they keep names that clash."""
    Skeleton = apps.get_model("accounts", "NameSkeleton")
    users = apps.get_model("accounts", "User").objects.values_list("pk", "username", "display_name")
    rows = []
    for pk, *names in users.iterator(chunk_size=CHUNK):
        alike = set().union(*(skeletons(name) for name in names))
        rows += [Skeleton(user_id=pk, skeleton=skeleton) for skeleton in alike]
        if len(rows) >= CHUNK:
            Skeleton.objects.bulk_create(rows)
            rows = []
    Skeleton.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_delete_usage")]
    operations = [
        migrations.CreateModel(
            name="NameSkeleton",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("skeleton", models.CharField(db_index=True, max_length=160)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "skeleton"), name="one_row_a_skeleton"
                    )
                ],
            },
        ),
        migrations.RunPython(record_names, migrations.RunPython.noop),
    ]
