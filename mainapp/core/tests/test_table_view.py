import pytest
from django.http import QueryDict

from mainapp.core.table_view import Table, TableView, in_order

TABLE = Table(
    cookie="TRACKER_COOKIE_NAME",
    columns={"symbol": "Ativo", "price": "Preço", "open": "Abertura", "spark": "Hoje"},
    fixed=("symbol",),
    shown_first=("price",),
    unsortable=("spark",),
    presets={"open": ("Abertura", ("open",))},
)


def read(text):
    return TABLE.read(QueryDict(text))


def test_choices_are_read_in_the_order_of_the_columns():
    view = read("columns=open&columns=price&density=compact&sort=-open")
    assert view == TableView(
        table=TABLE, columns=("price", "open"), density="compact", sort="-open"
    )
    assert read(view.to_text()) == view


def test_buttons_override_the_other_fields():
    view = read("columns=price&preset=open&sort=open&sort_by=-price")
    assert (view.columns, view.preset, view.sort) == (("open",), "open", "-price")


@pytest.mark.parametrize(
    "text", ["columns=symbol", "columns=spam", "density=spam", "sort=spark", "preset=spam"]
)
def test_unknown_choices_are_refused(text):
    assert read(text) is None


@pytest.mark.parametrize("cookie", ["a&" * 1001, "density=%FF", "density=compact&sort=--price"])
def test_a_cookie_that_is_not_ours_gives_the_usual_table(rf, settings, cookie):
    request = rf.get("/")
    request.COOKIES[settings.TRACKER_COOKIE_NAME] = cookie

    assert TABLE.view_of(request) == TableView(table=TABLE, columns=("price",))


def test_headers_say_the_order_and_what_a_click_does():
    columns = {column["name"]: column for column in read("sort=-price").context()["columns"]}
    assert columns["price"]["aria_sort"] == "descending"
    assert [columns[name]["next_sort"] for name in ("price", "open", "symbol", "spark")] == [
        "price",
        "-open",
        "symbol",
        None,
    ]


@pytest.mark.parametrize(("is_ascending", "order"), [(True, [1, 2, None]), (False, [2, 1, None])])
def test_rows_without_a_value_are_last_in_both_directions(is_ascending, order):
    assert in_order([2, None, 1], lambda row: row, is_ascending=is_ascending) == order
