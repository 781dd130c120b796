"""The list of stocks that a club follows."""

from rest_framework import serializers

from mainapp.api.serializers.common import ShortList, Strict
from mainapp.market.policies import SYMBOL_LIMIT_USER


class Symbols(ShortList):
    """Tickers in any spelling."""

    child = serializers.CharField(max_length=20)

    def __init__(self, **options: object) -> None:
        super().__init__(**{"max_length": SYMBOL_LIMIT_USER, "required": False} | options)


class ClubListChange(Strict):
    """Tickers to remove, to append, and the order of those that it names; in this order."""

    remove = Symbols()
    add = Symbols()
    order = Symbols()


class ClubListData(serializers.Serializer):
    """The list; `id` is null while the club has none. `unknown`: what was not added."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    symbols = serializers.ListField(child=serializers.CharField())
    unknown = serializers.ListField(child=serializers.CharField())
