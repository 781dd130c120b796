from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from mainapp.core.forms import NumberFilter


@pytest.mark.parametrize("text", ["1e-999999999", "1e-9", "1e999", "NaN", "sNaN", "-Infinity"])
def test_numbers_that_a_database_cannot_compare_are_refused(text):
    """The first one is between any bounds."""
    field = NumberFilter(min_value=-100, max_value=100).field
    with pytest.raises(ValidationError):
        field.clean(text)


@pytest.mark.parametrize("text", ["5", "-1.25", "0.12345678", "1e1"])
def test_usual_numbers_are_filters(text):
    assert NumberFilter(min_value=-100, max_value=100).field.clean(text) == Decimal(text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(("ideas", name) for name in ("min_comments", "return_min", "return_max")),
        ("events", "price_min"),
        ("events", "price_max"),
    ],
)
def test_filters_of_lists_refuse_them(client, alice, path, name):
    client.force_login(alice)
    assert client.get(f"/api/v1/{path}/", {name: "1e-999999999"}).status_code == 400
