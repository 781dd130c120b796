"""Clubs with limits of their own get plans with these limits.

The columns stay in the table for one release, in which processes of the last one may still run.
"""

from datetime import timedelta

from django.db import migrations

KINDS = {
    "max_members": ("club-members", "membros", None),
    "max_rooms": ("club-rooms", "salas", None),
    "uploads_a_day": ("club-uploads", "arquivos", timedelta(days=1)),
}


def make_plans(apps, schema_editor):
    clubs = apps.get_model("clubs", "Club").objects.filter(plan=None)
    for row in clubs.values("pk", *KINDS).iterator():
        limits = {name: row[name] for name in KINDS if row[name] is not None}
        if limits:
            clubs.filter(pk=row["pk"]).update(plan=plan_with(apps, limits))


def plan_with(apps, limits):
    """Return the plan with these limits; clubs with the same limits share one."""
    texts = (f"{KINDS[name][1]} {limit}" for name, limit in limits.items())
    name = f"Clubes: {', '.join(texts)}"[:60]
    plan, is_new = apps.get_model("core", "Plan").objects.get_or_create(name=name)
    if is_new:
        for column, limit in limits.items():
            kind, _text, window = KINDS[column]
            apps.get_model("core", "QuotaRule").objects.create(
                plan=plan, kind=kind, limit=limit, window=window
            )
    return plan


class Migration(migrations.Migration):

    dependencies = [
        ('clubs', '0002_plan'),
    ]

    operations = [
        migrations.RunPython(make_plans, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name='club', name='max_members'),
                migrations.RemoveField(model_name='club', name='max_rooms'),
                migrations.RemoveField(model_name='club', name='uploads_a_day'),
            ],
        ),
    ]
