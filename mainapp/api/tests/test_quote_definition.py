"""The single definition of a quote, which row, board, wire, API and pages follow."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import orjson
import pytest
from django.conf import settings
from django.db import models
from drf_spectacular.generators import SchemaGenerator

from mainapp.api.serializers import market as serializers
from mainapp.market.models import LastQuote, quote_column
from mainapp.market.quotes import (
    COUNT,
    PRICE,
    TIME,
    Quote,
    column_fields,
    stored_fields,
    wire_fields,
)
from mainapp.market.tests.quotes import make_quote

# The fields that CONTRACTS §2 promises to clients.
CONTRACT = [
    "symbol", "name", "price", "previous_close", "change", "change_pct", "open", "high", "low",
    "volume", "market_cap", "year_low", "year_high", "currency", "doubtful_price", "quoted_at",
    "quoted_at_estimated", "source", "delay_s", "kind", "simulated", "session",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WiderQuote(Quote):
    bid: Annotated[Decimal | None, PRICE] = None
    trades: Annotated[int | None, COUNT] = None

    @property
    def spread(self) -> Annotated[Decimal | None, PRICE]:
        return None if self.bid is None else self.price - self.bid


@pytest.fixture
def wider():
    plain = make_quote().to_json()
    del plain["simulated"]
    return WiderQuote(**plain, bid=Decimal("38.41"), trades=7)


def test_new_field_and_its_derived_field_are_on_the_wire(wider):
    wire = wider.to_wire()
    assert (wire["bid"], wire["trades"], wire["spread"]) == ("38.41", 7, "0.01")


def test_new_field_is_on_the_board_and_missing_on_an_older_board(wider):
    stored = orjson.loads(orjson.dumps(wider.to_json(), default=str))
    assert WiderQuote.from_json(stored) == wider
    assert Quote.from_json(stored) == make_quote()  # a newer board than this process

    older = orjson.loads(orjson.dumps(make_quote().to_json(), default=str))
    assert WiderQuote.from_json(older).bid is None


def test_new_field_is_a_column(wider):
    columns = {field.name: quote_column(field) for field in column_fields(WiderQuote)}
    assert isinstance(columns["bid"], models.DecimalField)
    assert columns["bid"].null
    assert isinstance(columns["trades"], models.BigIntegerField)
    assert "spread" not in columns


def test_new_field_is_in_the_api(wider):
    api_fields = {field.name: serializers.quote_field(field) for field in wire_fields(WiderQuote)}
    assert {"bid", "trades", "spread"} < api_fields.keys()
    assert api_fields["bid"].to_representation(wider.bid) == "38.41"


def test_all_forms_have_the_fields_of_the_definition():
    wire, columns = set(make_quote().to_wire()), {f.name for f in LastQuote._meta.fields}
    schema = SchemaGenerator().get_schema(public=True)["components"]["schemas"]["Quote"]

    assert wire == set(CONTRACT) == {field.name for field in wire_fields(Quote)}
    own = {"id", "stock", "simulated"}  # the last is for processes of the last version
    assert columns == own | {field.name for field in column_fields(Quote)}
    assert wire - columns == {"symbol", "name", "change", "change_pct", "session"}
    assert set(serializers.Quote().get_fields()) == set(schema["properties"]) == wire
    assert {field.name for field in stored_fields(Quote)} == wire - {
        *("change", "change_pct", "session", "simulated"),
    }


def test_columns_keep_the_limits_of_the_recorded_rows(db):
    quoted = {field.name for field in column_fields(Quote) if field.kind is TIME}
    assert quoted == {"quoted_at"}
    assert not LastQuote._meta.get_field("quoted_at").null
    assert LastQuote._meta.get_field("market_cap").max_digits == 22


def test_pages_show_fields_of_the_definition_only():
    """Cells filled by scripts have the names of fields, or of values derived in the browser."""
    folder = Path(settings.BASE_DIR) / "templates" / "mainapp" / "market"
    templates = [folder / name for name in ("_quote_row.html", "paper.html", "paper/day.html")]
    shown = {
        name
        for template in templates
        for name in re.findall(r'data-field="(\w+)"', template.read_text())
    }
    derived_in_the_browser = {"age", "turnover", "source_name", "origin"}
    assert shown
    assert shown - derived_in_the_browser <= set(CONTRACT)
