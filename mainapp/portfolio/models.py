"""Rows of users' portfolios."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mainapp.core.audit import Audited, AuditedModel
from mainapp.market.models import Stock


class ExactDecimalField(models.DecimalField):  # type: ignore[type-arg] # no generics at run time
    """A decimal stored as an integer count of its last decimal place.

    SQLite stores decimals as floats: it would lose three of 18 digits and fail to read some back.
    """

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        number = value if prepared else self.get_prep_value(value)
        if number is None or hasattr(number, "as_sql"):
            return number
        return int(Decimal(number).scaleb(self.decimal_places).to_integral_value())

    def from_db_value(self, value: int | None, *_: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.decimal_places)


class Carteira(AuditedModel):
    """One stock of one user's portfolio; prices in the stock's currency."""

    audit = Audited(shown="owner", hidden="ativo preco_medio quantidade nota", owner="owner")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="carteira")
    ativo = models.ForeignKey(
        Stock, models.PROTECT, related_name="carteiras", verbose_name=_("ativo")
    )
    preco_medio = ExactDecimalField(_("preço médio"), max_digits=18, decimal_places=8)
    quantidade = ExactDecimalField(_("quantidade"), max_digits=18, decimal_places=8)
    nota = models.PositiveSmallIntegerField(_("nota"), validators=[MaxValueValidator(10)])

    class Meta:
        ordering = ["ativo__symbol"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "ativo"], name="one_row_a_stock"),
            models.CheckConstraint(
                condition=models.Q(preco_medio__gte=0) & models.Q(quantidade__gte=0),
                name="nothing_negative",
            ),
            models.CheckConstraint(condition=models.Q(nota__lte=10), name="nota_up_to_10"),
        ]

    def __str__(self) -> str:
        return f"{self.quantidade} {self.ativo_id}"
