"""Lower-case e-mails, the existing ones included."""

from typing import Any

from django.db import migrations

import mainapp.accounts.models


def lower_emails(apps: Any, schema_editor: Any) -> None:
    users = apps.get_model("accounts", "User").objects.exclude(email="")
    for pk, email in users.values_list("pk", "email").iterator():
        if email != email.lower():
            users.filter(pk=pk).update(email=email.lower())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_avatar_pending")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="email",
            field=mainapp.accounts.models.LowercaseEmailField(
                blank=True, max_length=254, verbose_name="e-mail"
            ),
        ),
        migrations.RunPython(lower_emails, migrations.RunPython.noop),
    ]
