"""Quotes and candles: definition and serialisation."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from types import NoneType
from typing import Annotated, Any, Literal, Self, get_args, get_type_hints

from mainapp.core.prices import CENT, at_places, to_amount, written
from mainapp.market.kinds import QuoteKind
from mainapp.market.sessions import Session, session_now

CURRENCY = "BRL"  # of all stocks
MAX_PRICE = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a quote's field.

    It determines the column of LastQuote (`market.models`), the value on the board, the value sent
    to clients, and the API's serializer field (`api.serializers.market`). `digits` limits money,
    `max_length` text. `is_column` is False for columns of the stock's own row.
    """

    name: Literal["text", "price", "money", "count", "amount", "seconds", "time", "flag", "kind"]
    digits: int = 18
    max_length: int = 0
    is_column: bool = True


STOCK_TEXT = Kind("text", is_column=False)
PRICE, LARGE_MONEY, PERCENT = Kind("price"), Kind("money", digits=22), Kind("money")
AMOUNT, COUNT, SECONDS, TIME, FLAG = (
    *(Kind("amount"), Kind("count")),
    *(Kind("seconds"), Kind("time"), Kind("flag")),
)
SESSION, KIND = Kind("text"), Kind("kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The newest price of a stock as reported by a source.

    A new field needs one line here and a migration; its `Kind` determines column, board, frame and
    API. Prices are Decimal in `currency` (empty if the source reports none), with the places of
    their stock (`core.prices`); `quoted_at` is aware UTC, `volume` counts today's shares or coins.
    If the source reports no time, `quoted_at` is None; recording then uses the first fetch with
    this price and sets `quoted_at_estimated`.
    `doubtful_price` is a later price that is not confirmed yet (`quotes.doubts`).
    """

    symbol: Annotated[str, STOCK_TEXT]
    name: Annotated[str, STOCK_TEXT] = ""
    price: Annotated[Decimal, PRICE]
    previous_close: Annotated[Decimal | None, PRICE] = None
    open: Annotated[Decimal | None, PRICE] = None
    high: Annotated[Decimal | None, PRICE] = None
    low: Annotated[Decimal | None, PRICE] = None
    volume: Annotated[Decimal | int | None, AMOUNT] = None
    market_cap: Annotated[Decimal | None, LARGE_MONEY] = None
    year_low: Annotated[Decimal | None, PRICE] = None
    year_high: Annotated[Decimal | None, PRICE] = None
    currency: Annotated[str, Kind("text", max_length=3)] = CURRENCY
    doubtful_price: Annotated[Decimal | None, PRICE] = None
    quoted_at: Annotated[datetime | None, TIME] = None
    quoted_at_estimated: Annotated[bool, FLAG] = False
    source: Annotated[str, Kind("text", max_length=20)]
    delay_s: Annotated[int, SECONDS] = 0
    kind: Annotated[QuoteKind, KIND]

    @property
    def simulated(self) -> Annotated[bool, FLAG]:
        """Whether the price is not of now: of the simulated market, or of a replayed session."""
        return self.kind != "real"

    @property
    def change(self) -> Annotated[Decimal | None, PRICE]:
        return None if self.previous_close is None else self.price - self.previous_close

    @property
    def change_pct(self) -> Annotated[Decimal | None, PERCENT]:
        if not self.previous_close or self.change is None:
            return None
        return (self.change * 100 / self.previous_close).quantize(CENT, ROUND_HALF_UP)

    @property
    def session(self) -> Annotated[Session, SESSION]:
        """The present session of the stock's market."""
        return session_now(self.symbol, is_simulated=self.simulated)

    def at_places(self, places: int) -> Self:
        """Return the quote with prices of that many decimal places."""
        values: dict[str, Any] = {}
        for field in price_fields(type(self)):
            price: Decimal | None = getattr(self, field.name)
            values[field.name] = None if price is None else at_places(price, places)
        return replace(self, **values)

    def turnover(self) -> Decimal | None:
        """Return price by volume, the day's approximate volume in `currency`; None if unknown.

        A method, because properties are fields on the wire. Of an index it means nothing.
        """
        return None if self.volume is None else self.price * self.volume

    def to_wire(self) -> dict[str, Any]:
        """Return the quote of CONTRACTS §2: money as decimal strings, time as ISO 8601 UTC."""
        return {
            name: getattr(self, name) if write is None else write(getattr(self, name))
            for name, write in _definition(type(self)).wire_writers
        }

    def to_json(self) -> dict[str, Any]:
        """Return the stored fields without loss, for JSON; the inverse of `from_json`."""
        values = {field.name: getattr(self, field.name) for field in stored_fields(type(self))}
        return values | {"simulated": self.simulated}  # for processes of the last version

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the quote of a JSON object. Older versions may have stored fewer fields."""
        parsed: dict[str, Any] = {"kind": "simulated" if values.get("simulated") else "real"}
        for field in stored_fields(cls):
            if (value := values.get(field.name)) is not None:
                parsed[field.name] = JSON_READERS.get(field.kind.name, _same)(value)
        return cls(**parsed)


@dataclass(frozen=True, slots=True)
class QuoteField:
    """A field of a quote. `default` is MISSING for required fields."""

    name: str
    kind: Kind
    is_nullable: bool
    default: Any = MISSING
    is_derived: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """The fields of a quote class, by the form that contains them."""

    stored: tuple[QuoteField, ...]
    wire: tuple[QuoteField, ...]
    columns: tuple[QuoteField, ...]
    prices: tuple[QuoteField, ...]
    wire_writers: tuple[tuple[str, Callable[[Any], Any] | None], ...]


_definitions: dict[type[Quote], Definition] = {}


def stored_fields(cls: type[Quote]) -> tuple[QuoteField, ...]:
    """Return the fields that sources report and the board stores."""
    return _definition(cls).stored


def wire_fields(cls: type[Quote]) -> tuple[QuoteField, ...]:
    """Return the fields sent to clients: the stored ones, then those derived from them."""
    return _definition(cls).wire


def column_fields(cls: type[Quote]) -> tuple[QuoteField, ...]:
    """Return the fields that are columns of LastQuote; the others are columns of its stock."""
    return _definition(cls).columns


def price_fields(cls: type[Quote]) -> tuple[QuoteField, ...]:
    """Return the stored fields that are prices of the stock."""
    return _definition(cls).prices


def _definition(cls: type[Quote]) -> Definition:
    """Return the fields of a class, read from its annotations and cached."""
    if (cached := _definitions.get(cls)) is not None:
        return cached
    hints = get_type_hints(cls, include_extras=True)
    stored = tuple(
        _field(part.name, hints[part.name], default=part.default) for part in fields(cls)
    )
    derived = [
        _field(name, get_type_hints(part.fget, include_extras=True)["return"], is_derived=True)
        for base in reversed(cls.__mro__)
        for name, part in vars(base).items()
        if isinstance(part, property) and part.fget
    ]
    wire = (*stored, *derived)
    _definitions[cls] = Definition(
        stored=stored,
        wire=wire,
        columns=tuple(field for field in stored if field.kind.is_column),
        prices=tuple(field for field in stored if field.kind.name == "price"),
        wire_writers=tuple((field.name, WIRE_WRITERS.get(field.kind.name)) for field in wire),
    )
    return _definitions[cls]


def _field(name: str, hint: Any, *, default: Any = MISSING, is_derived: bool = False) -> QuoteField:
    value_type, kind = get_args(hint)
    is_nullable = NoneType in get_args(value_type)
    return QuoteField(name, kind, is_nullable, default, is_derived)


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A candle: `starts_at` in aware UTC, prices in the stock's currency, `volume` as in Quote."""

    starts_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | int | None = None

    def written(self, places: int) -> Self:
        """Return the bar with a stock's places."""
        names = ("open", "high", "low", "close")
        prices: dict[str, Any] = {name: written(getattr(self, name), places) for name in names}
        return replace(self, **prices)


def iso(moment: datetime | None) -> str | None:
    """Return an aware time as ISO 8601 UTC with `Z`, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Decimal | None) -> str | None:
    return None if value is None or not value.is_finite() else f"{value:f}"


def amount_on_wire(value: Decimal | int | None) -> int | str | None:
    """Return a traded amount as integer, or as a decimal string if it is not whole."""
    if value is None:
        return None
    amount = to_amount(Decimal(value))
    return amount if isinstance(amount, int) else f"{amount:f}"


def _amount_of(value: Any) -> Decimal | int:
    return to_amount(Decimal(value))


WIRE_WRITERS: dict[str, Callable[[Any], Any]] = {
    "price": _text,
    "money": _text,
    "amount": amount_on_wire,
    "time": iso,
}
JSON_READERS: dict[str, Callable[[Any], Any]] = {
    "price": Decimal,
    "money": Decimal,
    "amount": _amount_of,
    "time": datetime.fromisoformat,
}
