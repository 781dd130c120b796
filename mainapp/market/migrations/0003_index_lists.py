from django.db import migrations


def make_lists(apps, schema_editor):
    """Give each market and date of the memberships a list; retired stocks are not surely gone."""
    Membership = apps.get_model("market", "Membership")
    IndexList = apps.get_model("market", "IndexList")
    for market, as_of in set(Membership.objects.values_list("market", "as_of")):
        index_list = IndexList.objects.create(market=market, as_of=as_of, strength="single")
        Membership.objects.filter(market=market, as_of=as_of).update(index_list=index_list)
    retired = apps.get_model("market", "Stock").objects.filter(is_active=False, renamed_to=None)
    retired.update(is_end_sure=False)


class Migration(migrations.Migration):

    dependencies = [
        ('market', '0002_catalogue'),
    ]

    operations = [
        migrations.RunPython(make_lists, migrations.RunPython.noop, elidable=True),
    ]
