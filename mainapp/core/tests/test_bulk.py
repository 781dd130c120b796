from mainapp.core.bulk import update_rows
from mainapp.core.models import Tag


def test_rows_get_their_own_values_with_one_query(db, django_assert_num_queries):
    tags = [Tag.objects.create(key=f"t{n}", name=f"Etiqueta {n}") for n in range(3)]
    tags[0].name, tags[1].name = 'Ação\'s "nova"', ""
    tags[0].key = "not written"

    with django_assert_num_queries(1):
        update_rows(tags[:2], ["name"])

    rows = list(Tag.objects.order_by("pk").values_list("key", "name"))
    assert rows == [("t0", 'Ação\'s "nova"'), ("t1", ""), ("t2", "Etiqueta 2")]


def test_no_rows_cost_no_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        update_rows([], ["name"])
