"""Plans, the rules of their quotas, and counters of clubs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def delete_counters_of_clubs(apps, schema_editor):
    apps.get_model("core", "Usage").objects.filter(user=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0005_audit_seals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='nome')),
                ('is_default', models.BooleanField(default=False, editable=False, verbose_name='plano padrão')),
            ],
            options={
                'verbose_name': 'plano',
                'verbose_name_plural': 'planos',
                'ordering': ['-is_default', 'name'],
            },
        ),
        migrations.CreateModel(
            name='QuotaRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40, verbose_name='tipo')),
                ('limit', models.PositiveIntegerField(verbose_name='limite')),
                ('window', models.DurationField(blank=True, help_text='Dias e hh:mm:ss, como 1 00:00:00.', null=True, verbose_name='janela')),
                ('seeded_limit', models.PositiveIntegerField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'cota',
                'verbose_name_plural': 'cotas',
                'ordering': ['kind'],
            },
        ),
        migrations.AddField(
            model_name='usage',
            name='club_key',
            field=models.CharField(max_length=80, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='usage',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='usages', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='one_default_plan'),
        ),
        migrations.AddField(
            model_name='quotarule',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='core.plan', verbose_name='plano'),
        ),
        migrations.AddConstraint(
            model_name='quotarule',
            constraint=models.UniqueConstraint(fields=('plan', 'kind'), name='one_rule_a_kind_and_plan'),
        ),
        migrations.RunPython(migrations.RunPython.noop, delete_counters_of_clubs),
    ]
