from django.db import migrations


class Migration(migrations.Migration):
    """Leave the table, which streamers of the last version still read; `core` has the new one."""

    dependencies = [
        ("market", "0012_quote_kinds"),
        ("core", "0004_fence"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="StreamFence")]
        ),
    ]
