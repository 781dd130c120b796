"""Kinds of rooms, and the state of each participation."""

from django.conf import settings
from django.db import migrations, models


def check_no_private_rooms(apps, schema_editor):
    """Refuse to go back: without their kind, private rooms would be open to everybody."""
    if apps.get_model("forum", "Room").objects.exclude(kind="forum").exists():
        raise RuntimeError("delete the private rooms first: this would make them public")


class Migration(migrations.Migration):

    dependencies = [
        ('forum', '0005_count_new_rooms'),
        ('market', '0006_country_of_a_stock'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='room',
            name='rooms_by_activity',
        ),
        migrations.RemoveIndex(
            model_name='room',
            name='rooms_by_topic',
        ),
        migrations.AddField(
            model_name='participant',
            name='is_hidden',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='participant',
            name='joined_seq',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='participant',
            name='left_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='participant',
            name='muted_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='participant',
            name='notified_seq',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='participant',
            name='read_seq',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='room',
            name='kind',
            field=models.CharField(choices=[('forum', 'fórum'), ('group', 'grupo'), ('direct', 'conversa direta')], default='forum', editable=False, max_length=6),
        ),
        migrations.AddField(
            model_name='room',
            name='pair_key',
            field=models.CharField(blank=True, editable=False, max_length=41, null=True, unique=True),
        ),
        migrations.AddIndex(
            model_name='room',
            index=models.Index(fields=['kind', '-active_at', '-id'], name='rooms_by_activity'),
        ),
        migrations.AddIndex(
            model_name='room',
            index=models.Index(fields=['kind', 'topic', '-active_at'], name='rooms_by_topic'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'direct'), ('pair_key__isnull', False)), models.Q(models.Q(('kind', 'direct'), _negated=True), ('pair_key', None)), _connector='OR'), name='direct_rooms_have_a_pair'),
        ),
        migrations.RunPython(migrations.RunPython.noop, check_no_private_rooms),
    ]
