"""The id of the request or task that wrote a delivery."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_push'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='request_id',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=64),
        ),
    ]
