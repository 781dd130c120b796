import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('market', '0003_index_lists'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='membership',
            name='one_membership_a_market',
        ),
        migrations.RemoveField(
            model_name='membership',
            name='as_of',
        ),
        migrations.RemoveField(
            model_name='membership',
            name='market',
        ),
        migrations.AlterField(
            model_name='membership',
            name='index_list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='market.indexlist'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('index_list', 'stock'), name='once_in_an_index_list'),
        ),
    ]
