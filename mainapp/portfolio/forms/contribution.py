"""Form for the amount of the next contribution."""

from decimal import Decimal

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from mainapp.core.forms import TypedDecimalField

MAX_CASH = 1_000_000_000


class ContributionForm(forms.Form):
    """The cash in R$, above 0. `next_contribution` cuts it to the cent."""

    aporte = TypedDecimalField(
        error_messages={"required": _("Digite quanto você quer investir.")},
        validators=[MaxValueValidator(MAX_CASH, _("Digite no máximo R$ 1.000.000.000."))],
    )

    def clean_aporte(self) -> Decimal:
        cash: Decimal = self.cleaned_data["aporte"]
        if cash < Decimal("0.01"):
            raise forms.ValidationError(_("Digite um valor maior que zero."))
        return cash
