"""The audit."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_usage'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('actor_id', models.PositiveBigIntegerField(db_index=True, null=True)),
                ('way', models.CharField(choices=[('page', 'página'), ('api', 'API'), ('socket', 'WebSocket'), ('admin', 'administração'), ('command', 'comando'), ('task', 'tarefa')], max_length=7)),
                ('action', models.CharField(choices=[('created', 'criou'), ('changed', 'mudou'), ('deleted', 'apagou')], max_length=7)),
                ('model', models.CharField(max_length=60)),
                ('key', models.CharField(max_length=40)),
                ('fields', models.JSONField()),
                ('changes', models.JSONField()),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['model', 'key'], name='audit_of_a_row')],
            },
        ),
    ]
