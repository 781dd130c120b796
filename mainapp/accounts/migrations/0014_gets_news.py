"""Whether a user gets the e-mails of campaigns."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_session_list")]
    operations = [
        migrations.AddField(
            model_name="preferences",
            name="gets_news",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
