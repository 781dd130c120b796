"""Delete the daily counters, which moved to core."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_usage"),
        ("core", "0001_usage"),
    ]

    operations = [migrations.DeleteModel(name="Usage")]
