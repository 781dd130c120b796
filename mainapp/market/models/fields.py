"""Columns of prices and traded amounts, and of the kind of quotes."""

from decimal import Decimal
from typing import Any

from django.db import models

from mainapp.core.prices import MOST_PLACES, to_amount, trimmed
from mainapp.market.kinds import QUOTE_KINDS

DIGITS = 26  # 18 before the point


class PriceField(models.DecimalField):  # type: ignore[type-arg] # no generics at run time
    """A price with up to eight places; read with at least two.

    PostgreSQL's column is a plain `numeric`: it keeps the places of each price, and a column with
    two places becomes one without a rewrite of its table.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_digits": DIGITS, "decimal_places": MOST_PLACES} | options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for fixed, value in (("max_digits", DIGITS), ("decimal_places", MOST_PLACES)):
            if options.get(fixed) == value:
                del options[fixed]
        return name, path, args, options

    def db_type(self, connection: Any) -> str | None:
        is_postgresql = connection.vendor == "postgresql"
        return "numeric" if is_postgresql else super().db_type(connection)

    def from_db_value(self, value: Decimal | None, *_: Any) -> Decimal | None:
        return None if value is None else trimmed(value)


class AmountField(PriceField):
    """A traded amount: an integer of shares, or a Decimal of coins."""

    def from_db_value(self, value: Decimal | None, *_: Any) -> Any:
        return None if value is None else to_amount(value)


class QuoteKindField(models.CharField):  # type: ignore[type-arg] # no generics at run time
    """The kind of quotes of a row. The database's default serves processes of the last version."""

    def __init__(self, *args: Any, **options: Any) -> None:
        fixed: dict[str, Any] = {"max_length": 9, "choices": [(kind, kind) for kind in QUOTE_KINDS]}
        super().__init__(*args, **fixed | {"db_default": "real"} | options)


class IsSimulatedField(models.BooleanField):  # type: ignore[type-arg] # no generics at run time
    """What processes of the last version read instead of the kind; null for a replay.

    Written by each save. It and its constraints can be removed in the next version.
    """

    def __init__(self, kind_field: str = "kind", **options: Any) -> None:
        self.kind_field = kind_field
        super().__init__(**{"null": True, "editable": False} | options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, [self.kind_field, *args], options

    def pre_save(self, model_instance: models.Model, add: bool) -> bool | None:
        kind = getattr(model_instance, self.kind_field)
        is_simulated = {"real": False, "simulated": True}.get(kind)
        setattr(model_instance, self.attname, is_simulated)
        return is_simulated
