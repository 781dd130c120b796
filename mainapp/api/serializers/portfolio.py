"""The user's carteira and its value."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.api.serializers.common import Money, Price, Strict, TickerOfAmounts
from mainapp.api.serializers.forum import Person
from mainapp.portfolio.forms.carteira import DIGITS, PLACES, check_stock
from mainapp.portfolio.policies import MAX_NOTA


class Amount(Money):
    """A number that is not negative, with up to 8 places."""

    def __init__(self, **options: Any) -> None:
        fixed = {"max_digits": DIGITS, "decimal_places": PLACES, "min_value": Decimal(0)}
        super().__init__(**fixed | options)


class HoldingInput(Strict):
    """A row of the carteira; the `ativo` of an existing row does not change."""

    ativo = TickerOfAmounts()
    preco_medio = Amount()
    quantidade = Amount()
    nota = serializers.IntegerField(min_value=0, max_value=MAX_NOTA, default=0)

    def validate_ativo(self, value: Any) -> Any:
        if self.instance is None:
            check_stock(value.symbol, value)
        return value

    def validate_quantidade(self, value: Decimal) -> Decimal:
        if not value and self.instance is None:
            raise serializers.ValidationError(_("Informe uma quantidade maior que zero."))
        return value


class HoldingData(serializers.Serializer):
    """A row at its newest price; without a quote only its `cost` is known."""

    id = serializers.IntegerField(source="holding.pk")
    ativo = serializers.CharField(source="holding.symbol")
    name = serializers.CharField(source="holding.name")
    sector = serializers.CharField(source="holding.sector")
    preco_medio = Amount(source="holding.preco_medio")
    quantidade = Amount(source="holding.quantidade")
    nota = serializers.IntegerField(source="holding.nota")
    cost = Money(max_digits=None)
    price = Price(allow_null=True)
    total = Money(max_digits=None, allow_null=True)
    result = Money(max_digits=None, allow_null=True)
    result_pct = Money(max_digits=None, allow_null=True)
    day_change = Money(max_digits=None, allow_null=True)
    day_change_pct = Money(max_digits=None, allow_null=True)


class Totals(serializers.Serializer):
    """Sums of the whole carteira, without the rows in `left_out`, which have no quote."""

    patrimony = Money(max_digits=None, source="total_value")
    cost = Money(max_digits=None)
    result = Money(max_digits=None)
    result_pct = Money(max_digits=None, allow_null=True)
    day_change = Money(max_digits=None, allow_null=True)
    day_change_pct = Money(max_digits=None, allow_null=True)
    left_out = serializers.ListField(child=serializers.CharField())


class Portfolio(serializers.Serializer):
    """A page of the rows, by symbol, and the totals of all rows."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = HoldingData(many=True)
    totals = Totals()


class ShareData(serializers.Serializer):
    """A stock's part of a carteira in percent."""

    symbol = serializers.CharField()
    pct = Money()


class MemberShares(serializers.Serializer):
    """The carteira of a member, the largest shares first."""

    user = Person()
    shares = ShareData(many=True)


class ClubPortfolioData(serializers.Serializer):
    """The carteiras that members of a club show, in percent.

    `mean` is their plain mean; it is null while `missing` more carteiras are needed.
    """

    mean = ShareData(many=True, allow_null=True)
    missing = serializers.IntegerField()
    members = MemberShares(many=True)
