"""The state of messages that may have arrived."""

from django.db import migrations, models

STATES = [
    ("waiting", "na fila"),
    ("claimed", "enviando"),
    ("sent", "enviada"),
    ("failed", "falhou"),
    ("unknown", "talvez entregue"),
    ("cancelled", "cancelada"),
]
OUTCOMES = [
    ("sent", "enviada"),
    ("failed", "falhou; será repetida"),
    ("refused", "recusada"),
    ("unknown", "talvez entregue"),
    ("given_up", "desistimos"),
]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_services")]
    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(choices=STATES, default="waiting", max_length=9),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="outcome",
            field=models.CharField(choices=OUTCOMES, max_length=8),
        ),
    ]
