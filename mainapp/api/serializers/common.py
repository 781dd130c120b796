"""Fields that several operations share."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mainapp.core.prices import CENT, MOST_PLACES, places_of, trimmed
from mainapp.market.models import Stock
from mainapp.market.quotes import amount_on_wire
from mainapp.market.selectors.successions import other_amounts_note
from mainapp.market.selectors.watchlists import stocks_named

MAX_REFUSED, MAX_NAME = 20, 100


class Strict(serializers.Serializer):
    """Input that refuses the fields it does not know, and those that cannot be changed.

    Clients send a whole object back that they read: a field with its current value is accepted.
    """

    def current_values(self) -> Mapping[str, Any]:
        """Return the object that is changed as the API shows it."""
        return {}

    def to_internal_value(self, data: Any) -> Any:
        refused = self._refused_fields(data) if isinstance(data, Mapping) else {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not refused or not isinstance(error.detail, dict):
                raise
            raise serializers.ValidationError(error.detail | refused) from None
        if refused:
            raise serializers.ValidationError(refused)
        return values

    def _refused_fields(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return errors for the first MAX_REFUSED unknown fields: a body may have thousands."""
        known = {name for name, field in self.fields.items() if not field.read_only}
        if data.keys() <= known:
            return {}
        current = self.current_values()
        refused = (
            name
            for name in data
            if name not in known and (name not in current or current[name] != data[name])
        )
        return {
            name[:MAX_NAME]: [_refusal_of(name, current)] for name in islice(refused, MAX_REFUSED)
        }


def _refusal_of(name: str, current: Mapping[str, Any]) -> str:
    if name in current:
        return _("Este campo não pode ser mudado.")
    return _("Este campo não existe aqui.")


class NoFields(Strict):
    """The body of a mutation that takes no fields: absent, or an empty object."""


class TagData(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class Counted(serializers.Serializer):
    """The number of affected rows."""

    count = serializers.IntegerField()


class ShortList(serializers.ListField):
    """A list whose length is checked before its items, each of which costs an error."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and self.max_length and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class Money(serializers.DecimalField):
    """Reais, or a percentage, as a decimal string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 24, "decimal_places": 2} | options)


class Price(serializers.DecimalField):
    """A price as a decimal string with the stock's places, two to eight."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 26, "decimal_places": MOST_PLACES} | options)

    def to_internal_value(self, data: Any) -> Decimal:
        return trimmed(super().to_internal_value(data))

    def quantize(self, value: Decimal) -> Decimal:
        return value if value.as_tuple().exponent == -places_of(value) else value.quantize(CENT)


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "format": "decimal"}]})
class Traded(serializers.Field):
    """A traded amount: an integer, or a decimal string if it is not whole."""

    def to_representation(self, value: Any) -> Any:
        return amount_on_wire(value)


class Ticker(serializers.CharField):
    """A stock by its ticker in any spelling; shown as today's symbol."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 20} | options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        text = super().run_validation(data)
        stock: Stock | None = stocks_named([text]).get(text)
        if stock is None:
            raise serializers.ValidationError(_("Não conhecemos: %(symbol)s.") % {"symbol": text})
        return stock

    def to_representation(self, value: Any) -> Any:
        return value.symbol


class TickerOfAmounts(Ticker):
    """A ticker with quantities or prices: a former ticker is refused if its amounts differ."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        stock = super().run_validation(data)
        if stock and (note := other_amounts_note(str(data), stock)):
            hint = _("Escreva o código e os valores de hoje.")
            raise serializers.ValidationError(f"{note} {hint}")
        return stock
