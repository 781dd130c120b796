"""Fields that several operations share."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.market.models import Stock
from mainapp.market.selectors.successions import other_amounts_note
from mainapp.market.selectors.watchlists import stocks_named


class Counted(serializers.Serializer):
    """The number of affected rows."""

    count = serializers.IntegerField()


class Money(serializers.DecimalField):
    """Reais, or a percentage, as a decimal string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 24, "decimal_places": 2} | options)


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
    """A ticker beside quantities or prices: those of another ratio's former one are not today's."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        stock = super().run_validation(data)
        if stock and (note := other_amounts_note(str(data), stock)):
            hint = _("Escreva o código e os valores de hoje.")
            raise serializers.ValidationError(f"{note} {hint}")
        return stock
