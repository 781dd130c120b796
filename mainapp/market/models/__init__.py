"""Stocks, their last quotes and candles, rejected quotes, and users' watchlists."""

from dataclasses import MISSING
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mainapp.core.prices import LEAST_PLACES, MOST_PLACES, written
from mainapp.market.models.events import CorporateEvent, EventReport, LoadedData, Strength
from mainapp.market.models.fields import AmountField, IsSimulatedField, PriceField, QuoteKindField
from mainapp.market.models.history import ExchangeDay, HistoryFile
from mainapp.market.models.indices import IndexList, Membership
from mainapp.market.models.watchlists import Watchlist, WatchlistItem
from mainapp.market.names import COUNTRIES
from mainapp.market.quotes import CURRENCY, Quote, QuoteField, column_fields
from mainapp.market.quotes.doubts import Doubt

__all__ = [
    "Candle",
    "CorporateEvent",
    "EventReport",
    "ExchangeDay",
    "HistoryFile",
    "IndexList",
    "LastQuote",
    "LoadedData",
    "Membership",
    "QuoteColumns",
    "RejectedQuotes",
    "Stock",
    "Strength",
    "Watchlist",
    "WatchlistItem",
]
UNRANKED = 1_000_000


class Stock(models.Model):
    """A share, fund, BDR or index of the exchange, or a pair of crypto currencies; never deleted.

    `renamed_to` is the newest successor of a former code; its events have the steps between.
    `corrected_fields` are those that an admin changed: loading the project's data skips them.
    """

    class Kind(models.TextChoices):
        ON = "ON", _("Ação ordinária (ON)")
        PN = "PN", _("Ação preferencial (PN)")
        UNIT = "UNIT", _("Unit")
        FII = "FII", _("Fundo imobiliário (FII)")
        ETF = "ETF", _("ETF")
        BDR = "BDR", _("BDR")
        BDR_ETF = "BDR_ETF", _("BDR de ETF")
        FI_INFRA = "FI_INFRA", _("FI-Infra")
        FIAGRO = "FIAGRO", _("Fiagro")
        FUND = "FUND", _("Outro fundo")
        RIGHT = "RIGHT", _("Direito, recibo ou bônus")
        INDEX = "INDEX", _("Índice")
        CRYPTO = "CRYPTO", _("Criptomoeda")

    class Market(models.TextChoices):
        B3 = "B3", "B3"
        CRIPTO = "CRIPTO", _("Cripto")

    symbol = models.CharField(max_length=12, unique=True)
    # The database's defaults serve processes of the last version.
    market = models.CharField(
        max_length=6,
        choices=Market,
        default=Market.B3,
        db_default=Market.B3.value,
        editable=False,
    )
    price_places = models.PositiveSmallIntegerField(
        default=LEAST_PLACES,
        db_default=LEAST_PLACES,
        validators=[MinValueValidator(LEAST_PLACES), MaxValueValidator(MOST_PLACES)],
    )
    currency = models.CharField(max_length=3, default=CURRENCY, db_default=CURRENCY, editable=False)
    name = models.CharField(max_length=120)
    search_text = models.CharField(max_length=160, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, blank=True)  # empty: not known
    sector = models.CharField(max_length=80, blank=True)
    isin = models.CharField("ISIN", max_length=12, blank=True)
    cnpj = models.CharField("CNPJ", max_length=18, blank=True)
    underlying = models.CharField(max_length=12, blank=True)  # of a BDR, on its own exchange
    # Where the issuer of a BDR is registered; empty: not known.
    country = models.CharField(  # the database's default serves processes of the last version
        max_length=2, choices=COUNTRIES.items(), blank=True, default="", db_default=""
    )
    lot = models.PositiveIntegerField(default=100)
    is_active = models.BooleanField(default=True)
    renamed_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="former_symbols"
    )
    is_end_sure = models.BooleanField(default=True)  # False: only its quotes stopped
    last_seen_on = models.DateField(null=True, blank=True)  # in a source's list
    rank = models.PositiveIntegerField(default=UNRANKED, editable=False)  # commonest first
    corrected_fields = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        ordering = ["symbol"]
        indexes = [models.Index(fields=["rank", "symbol"], name="commonest_first")]

    def __str__(self) -> str:
        return self.symbol

    @property
    def tick(self) -> Decimal:
        """The smallest step of its prices."""
        return Decimal(1).scaleb(-self.price_places)

    def written(self, price: Decimal) -> Decimal:
        """Return a stored price with the stock's places."""
        return written(price, self.price_places)

    @property
    def is_name_known(self) -> bool:
        """False while the symbol serves as the name."""
        return self.name != self.symbol


class QuoteColumns(models.Model):
    """The columns of a quote, derived from the fields of `quotes.Quote`."""

    class Meta:
        abstract = True


def quote_column(field: QuoteField) -> "models.Field[Any, Any]":
    """Return the column of a quote's field.

    The time is never null, because recording gives each quote a time.
    """
    kind = field.kind
    options: dict[str, Any] = {} if field.default in (MISSING, None) else {"default": field.default}
    if kind.name == "time":
        return models.DateTimeField()
    if kind.name == "price":
        return PriceField(null=field.is_nullable, **options)
    if kind.name == "amount":
        return AmountField(null=field.is_nullable, **options)
    if kind.name == "money":
        return models.DecimalField(
            max_digits=kind.digits, decimal_places=2, null=field.is_nullable, **options
        )
    if kind.name == "text":
        return models.CharField(max_length=kind.max_length, **options)
    if kind.name == "kind":
        return QuoteKindField()
    if kind.name == "flag":
        return models.BooleanField(**options)
    number = models.BigIntegerField if kind.name == "count" else models.PositiveIntegerField
    return number(null=field.is_nullable, **options)


for _field in column_fields(Quote):
    QuoteColumns.add_to_class(_field.name, quote_column(_field))


class LastQuote(QuoteColumns):
    """The newest recorded quote of a stock: at most one of each kind."""

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="last_quotes")
    simulated = IsSimulatedField("kind")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stock", "kind"], name="one_last_quote_of_a_kind"),
            models.UniqueConstraint(fields=["stock", "simulated"], name="one_last_quote_a_kind"),
        ]

    def __str__(self) -> str:
        return f"last quote of {self.stock_id}"

    def to_quote(self) -> Quote:
        """Return the recorded quote. Reads the stock's row as well."""
        values = {field.name: getattr(self, field.name) for field in column_fields(Quote)}
        quote = Quote(symbol=self.stock.symbol, name=self.stock.name, **values)
        return quote.at_places(self.stock.price_places)


class DoubtfulPrice(models.Model):
    """A price far from the last one, until a second reply confirms it; see `quotes.doubts`."""

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="+")
    kind = QuoteKindField()
    simulated = IsSimulatedField("kind")
    price = PriceField()
    source = models.CharField(max_length=20)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stock", "kind"], name="one_doubtful_price_of_a_kind"),
            models.UniqueConstraint(
                fields=["stock", "simulated"], name="one_doubtful_price_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"doubtful price of {self.stock_id}"

    def to_doubt(self) -> Doubt:
        return Doubt(price=self.price, source=self.source, seen_at=self.seen_at)


class Candle(models.Model):
    """Open, high, low and close of one minute or of one day in São Paulo."""

    class Interval(models.TextChoices):
        MINUTE = "1m", _("1 minuto")
        DAY = "1d", _("1 dia")

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="candles")
    interval = models.CharField(max_length=2, choices=Interval)
    starts_at = models.DateTimeField()
    kind = QuoteKindField()
    simulated = IsSimulatedField("kind")
    open = PriceField()
    high = PriceField()
    low = PriceField()
    close = PriceField()
    volume = AmountField(null=True)
    source = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stock", "kind", "interval", "starts_at"],
                name="one_candle_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["stock", "simulated", "interval", "starts_at"], name="one_candle_a_slot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stock_id} {self.interval} {self.starts_at}"


class RejectedQuotes(models.Model):
    """The number of a source's quotes rejected for one reason, and the last such quote."""

    source = models.CharField(max_length=20)
    reason = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=0)
    last_symbol = models.CharField(max_length=12)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reason"], name="one_row_a_reason")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.reason}: {self.count}"
