"""Uploads."""

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
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audience', models.CharField(db_index=True, max_length=40)),
                ('kind', models.CharField(choices=[('image', 'imagem'), ('file', 'arquivo')], max_length=5)),
                ('state', models.CharField(choices=[('pending', 'em preparo'), ('ready', 'pronto'), ('failed', 'falhou')], max_length=7)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('key', models.CharField(max_length=22, unique=True)),
                ('name', models.CharField(max_length=150)),
                ('size', models.PositiveIntegerField()),
                ('content_type', models.CharField(max_length=80)),
                ('width', models.PositiveIntegerField(null=True)),
                ('height', models.PositiveIntegerField(null=True)),
                ('created_at', models.DateTimeField()),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='uploads', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['created_at'], name='pending_uploads')],
            },
        ),
    ]
