"""The plan of a club."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clubs', '0001_initial'),
        ('core', '0006_quota_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='club',
            name='plan',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clubs', to='core.plan', verbose_name='plano'),
        ),
    ]
