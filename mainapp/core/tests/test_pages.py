import pytest
from django.core.paginator import InvalidPage

from mainapp.core.pages import ListPaginator, page_of

MALFORMED = [
    "",
    "0",
    "-1",
    "+2",
    "02",
    "2.0",
    " 2",
    "abc",
    "last",
    "\u0662",
    "²",
    "9" * 30,
    "\x00",
]


@pytest.mark.parametrize("number", [*MALFORMED, None])
def test_malformed_number_gives_the_first_page(number):
    assert page_of(range(30), number, size=10).number == 1


@pytest.mark.parametrize("number", MALFORMED)
def test_malformed_number_is_invalid_for_the_api(number):
    with pytest.raises(InvalidPage):
        ListPaginator(range(30), 10).page(number)


@pytest.mark.parametrize(("number", "shown"), [("2", 2), ("3", 3), ("4", 3), ("9" * 18, 3)])
def test_number_beyond_the_last_page_gives_the_last(number, shown):
    assert page_of(range(30), number, size=10).number == shown


@pytest.mark.parametrize("path", ["/alerts/", "/notifications/", "/forum/", "/stockpicker/ALL"])
@pytest.mark.parametrize("number", ["0", "-1", "abc", "\u0662", "9" * 30])
def test_page_shows_a_list_for_any_number(client, alice, path, number):
    client.force_login(alice)

    assert client.get(path, {"page": number}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/alerts/", "/api/v1/rooms/", "/api/v1/stocks/"])
@pytest.mark.parametrize("number", ["0", "-1", "abc", "\u0662", "02", "last", "9" * 30])
def test_operation_gives_404_for_a_malformed_number(client, alice, path, number):
    client.force_login(alice)
    response = client.get(path, {"page": number})

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
