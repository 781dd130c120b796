"""Complaints, cases and the moderation log."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('subject_id', models.PositiveBigIntegerField()),
                ('scope', models.CharField(blank=True, max_length=40)),
                ('place', models.CharField(blank=True, max_length=80)),
                ('url', models.CharField(blank=True, max_length=200)),
                ('is_private', models.BooleanField(default=False)),
                ('copies', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('open', 'aberta'), ('closed', 'resolvida')], default='open', max_length=6)),
                ('decision', models.CharField(blank=True, choices=[('dismissed', 'nada a fazer'), ('removed', 'conteúdo apagado'), ('suspended', 'pessoa suspensa')], max_length=9)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='closed_cases', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='cases', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['opened_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Complaint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(choices=[('spam', 'Propaganda ou repetição'), ('abuse', 'Ofensa, ameaça ou assédio'), ('fraud', 'Golpe ou promessa de ganho'), ('manipulation', 'Boato ou manipulação de preços'), ('privacy', 'Dados de outra pessoa'), ('other', 'Outro motivo')], default='other', max_length=12, verbose_name='motivo')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='o que há de errado')),
                ('reported_at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='complaints', to='moderation.case')),
                ('reporter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='complaints', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['reported_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='LogEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(blank=True, db_index=True, max_length=40)),
                ('place', models.CharField(blank=True, max_length=80)),
                ('action', models.CharField(choices=[('delete_message', 'apagou uma mensagem'), ('mute', 'silenciou'), ('unmute', 'devolveu a palavra'), ('close', 'fechou a sala'), ('reopen', 'reabriu a sala'), ('delete_room', 'apagou a sala'), ('resolve_report', 'resolveu uma denúncia'), ('read_copy', 'leu a cópia de uma conversa'), ('suspend', 'suspendeu'), ('unsuspend', 'encerrou a suspensão'), ('filter', 'mudou as palavras barradas')], max_length=20)),
                ('detail', models.TextField(blank=True)),
                ('done_at', models.DateTimeField()),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='moderation_done', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='log', to='moderation.case')),
                ('target', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='moderation_suffered', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'log entries',
                'ordering': ['-done_at', '-pk'],
            },
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['state', 'opened_at'], name='cases_by_state'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['scope', 'state'], name='cases_by_scope'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('kind', 'subject_id'), name='one_open_case'),
        ),
        migrations.AddConstraint(
            model_name='complaint',
            constraint=models.UniqueConstraint(fields=('case', 'reporter'), name='one_complaint_a_person'),
        ),
    ]
