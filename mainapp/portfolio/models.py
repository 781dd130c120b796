"""What a user holds."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mainapp.market.models import Stock


class Carteira(models.Model):
    """One stock of one user's portfolio; prices in the stock's currency."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="carteira")
    ativo = models.ForeignKey(
        Stock, models.PROTECT, related_name="carteiras", verbose_name=_("ativo")
    )
    preco_medio = models.DecimalField(_("preço médio"), max_digits=18, decimal_places=8)
    quantidade = models.DecimalField(_("quantidade"), max_digits=18, decimal_places=8)
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
