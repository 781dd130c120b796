"""The names and the privacy of devices that get web push."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0003_unknown_outcomes'),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='name',
            field=models.CharField(blank=True, db_default='', max_length=60, verbose_name='nome'),
        ),
        migrations.AddField(
            model_name='channel',
            name='shows_amounts',
            field=models.BooleanField(db_default=False, default=False, verbose_name='mostrar preços e valores'),
        ),
        migrations.AlterField(
            model_name='channel',
            name='kind',
            field=models.CharField(choices=[('email', 'E-mail'), ('webhook', 'Webhook'), ('telegram', 'Telegram'), ('discord', 'Discord'), ('slack', 'Slack'), ('pushover', 'Pushover'), ('ntfy', 'ntfy'), ('gotify', 'Gotify'), ('push', 'Este site, num aparelho'), ('apprise', 'Outro serviço')], max_length=8),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='kind',
            field=models.CharField(choices=[('email', 'E-mail'), ('webhook', 'Webhook'), ('telegram', 'Telegram'), ('discord', 'Discord'), ('slack', 'Slack'), ('pushover', 'Pushover'), ('ntfy', 'ntfy'), ('gotify', 'Gotify'), ('push', 'Este site, num aparelho'), ('apprise', 'Outro serviço')], max_length=8),
        ),
    ]
