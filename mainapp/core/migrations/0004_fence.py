from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("core", "0003_tag"),
    ]

    operations = [
        migrations.CreateModel(
            name="Fence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=20, unique=True)),
                ("number", models.PositiveBigIntegerField(default=0)),
            ],
        ),
    ]
