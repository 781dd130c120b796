"""Stocks, quotes, candles and sources."""

from typing import Any

from rest_framework import serializers

from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Money, Price, Traded
from mainapp.market import quotes
from mainapp.market.models import CorporateEvent, Stock
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.providers.base import RANGES
from mainapp.market.quotes import QuoteField, wire_fields
from mainapp.market.selectors.listing import MARKETS

SORTABLE = ("symbol", "name", "kind", "sector", "price", "change_pct")


class StockQuery(serializers.Serializer):
    """Filter and order of stocks; those without a quote come last."""

    market = serializers.ChoiceField(choices=list(MARKETS), default="ALL")
    sector = serializers.CharField(max_length=80, required=False)
    kind = serializers.ChoiceField(choices=Stock.Kind.choices, required=False)
    q = serializers.CharField(max_length=60, required=False, help_text="words of ticker or name")
    price_min = Price(required=False)
    price_max = Price(required=False)
    change_min = Money(required=False, help_text="percent of the day")
    change_max = Money(required=False, help_text="percent of the day")
    ordering = serializers.ChoiceField(
        choices=[f"{sign}{name}" for name in SORTABLE for sign in ("", "-")], default="symbol"
    )


def quote_field(field: QuoteField) -> serializers.Field:
    """Return the API's form of a quote's field, as its kind has it on the wire."""
    fields = {
        "text": serializers.CharField,
        "price": Price,
        "money": Money,
        "amount": Traded,
        "count": serializers.IntegerField,
        "seconds": serializers.IntegerField,
        "time": Moment,
        "flag": serializers.BooleanField,
        "kind": serializers.CharField,
    }
    options = {"allow_null": True} if field.is_nullable else {}
    return fields[field.kind.name](**options)


class Quote(serializers.Serializer):
    """A quote as the socket sends it."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {field.name: quote_field(field) for field in wire_fields(quotes.Quote)}


class ListedStock(serializers.ModelSerializer):
    """A stock and its newest quote, if it has one."""

    quote = Quote(allow_null=True)

    class Meta:
        model = Stock
        fields = [
            "symbol",
            "name",
            "kind",
            "sector",
            "isin",
            "underlying",
            "country",
            "is_active",
            "lot",
            "market",
            "price_places",
            "currency",
            "quote",
        ]


class FormerCode(serializers.Serializer):
    """What became of a requested ticker that no longer trades; `ratio`: new stocks for one old."""

    symbol = serializers.CharField()
    became = serializers.CharField(source="succession.symbol", allow_null=True)
    ratio = serializers.SerializerMethodField()
    sure = serializers.BooleanField(source="succession.sure")
    note = serializers.CharField()

    def get_ratio(self, former: dict[str, Any]) -> str | None:
        succession = former["succession"]
        ratio = succession.ratio if succession.symbol else None
        return None if ratio is None else f"{ratio:f}"


class FoundStock(ListedStock):
    """A stock, and the former ticker by which it was requested."""

    former_code = FormerCode(allow_null=True)

    class Meta(ListedStock.Meta):
        fields = [*ListedStock.Meta.fields, "former_code"]


class ExactNumber(serializers.DecimalField):
    """A decimal string with as many decimals as there are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 24, "decimal_places": 13} | options)

    def to_representation(self, value: Any) -> str:
        return f"{value.normalize():f}"


class StockEvent(serializers.ModelSerializer):
    """A corporate event; `ratio` is the number of new stocks for one old, `amount` that per stock.

    `sources` report this value, `others` another one. `former` has the values before the last
    change, as texts; an empty one was not known.
    """

    id = serializers.IntegerField()
    stock = serializers.CharField(source="stock.symbol")
    successor = serializers.CharField(source="successor.symbol", allow_null=True, default=None)
    amount = ExactNumber(allow_null=True)
    ratio = ExactNumber(allow_null=True)
    currency = serializers.CharField(source="stock.currency")
    sources = serializers.SerializerMethodField()
    others = serializers.DictField(child=serializers.CharField(), allow_null=True)
    former = serializers.DictField(child=serializers.CharField(), allow_null=True)
    changed_at = Moment(allow_null=True)

    class Meta:
        model = CorporateEvent
        fields = [
            *("id", "stock", "kind", "status", "ex_on", "pay_on", "amount", "ratio", "currency"),
            *("successor", "is_date_sure", "is_ratio_sure", "strength", "source", "sources"),
            *("others", "former", "changed_at", "simulated"),
        ]

    def get_sources(self, event: CorporateEvent) -> list[str]:
        return event.sources.split()


class QuotesQuery(serializers.Serializer):
    """Tickers, separated by commas."""

    symbols = serializers.CharField(max_length=13 * SYMBOL_LIMIT_USER)

    def validate_symbols(self, value: str) -> list[str]:
        texts = [text.strip() for text in value.split(",") if text.strip()]
        if len(texts) > SYMBOL_LIMIT_USER:
            raise serializers.ValidationError(f"<= {SYMBOL_LIMIT_USER}")
        return texts


class Quotes(serializers.Serializer):
    """Quotes by today's symbol; `pending` stocks have no quote, `unknown` tickers no stock."""

    quotes = serializers.DictField(child=Quote())
    pending = serializers.ListField(child=serializers.CharField())
    unknown = serializers.ListField(child=serializers.CharField())


class CandleQuery(serializers.Serializer):
    range = serializers.ChoiceField(choices=RANGES, default=RANGES[0])


class Bar(serializers.Serializer):
    """One candle; `time` is its start."""

    time = Moment(source="starts_at")
    open = Price()
    high = Price()
    low = Price()
    close = Price()
    volume = Traded(allow_null=True)


class Candles(serializers.Serializer):
    """A range of candles, oldest first; `loading`: the rest is being fetched, so request again."""

    symbol = serializers.CharField()
    range = serializers.CharField()
    interval = serializers.CharField()
    source = serializers.CharField()
    status = serializers.ChoiceField(choices=["ok", "loading", "failed"])
    candles = Bar(many=True)


class Allowance(serializers.Serializer):
    """What a source was found to allow, and its own words for more."""

    text = serializers.CharField()
    words = serializers.CharField()
    retry_at = Moment(help_text="when more is tried again")


class Source(serializers.Serializer):
    """One source of quotes; the list has the order in which they are queried."""

    name = serializers.CharField(source="state.name")
    label = serializers.CharField()
    state = serializers.CharField(source="state.state")
    about = serializers.CharField()
    status = serializers.CharField(source="word")
    error = serializers.CharField()
    interval_s = serializers.FloatField()
    calls_left = serializers.IntegerField(source="state.calls_left", allow_null=True)
    in_use = serializers.BooleanField()
    limits = Allowance(many=True)


class Sources(serializers.Serializer):
    sources = Source(many=True)
    why = serializers.CharField()
    session = serializers.ChoiceField(
        choices=["pre_open", "open", "closing_call", "after_market", "closed"]
    )
    next_open_at = Moment(allow_null=True)
    at = Moment()
