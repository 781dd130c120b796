"""Delete the tokens that earlier versions stored, alone and in saved responses.

The saved responses would expire within a day anyway; a refresh token is recognised by its id alone.
"""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("api", "KeptAnswer").objects.all().delete()
    apps.get_model("token_blacklist", "OutstandingToken").objects.update(token="")


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_initial"),
        ("token_blacklist", "0013_alter_blacklistedtoken_options_and_more"),
    ]
    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
