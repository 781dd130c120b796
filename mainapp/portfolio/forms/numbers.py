"""Numbers as people type them, in the language of the page."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

SPACES = re.compile(r"\s|R\$", re.IGNORECASE)
# Three places after the other language's separator may as well be thousands.
PLAIN = re.compile(r"[+-]?\d+([.,]\d{0,2}|[.,]\d{4,})?", re.ASCII)
FORMS = {
    "pt-br": re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d*)?", re.ASCII),
    "en": re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?", re.ASCII),
}


def typed_number(text: str) -> Decimal | None:
    """Return the number that `text` writes in the active language, None for none.

    In Portuguese 1.000, 1.000,50 and R$ 1000,5; 1000.50 too, which cannot mean anything else.
    """
    bare = SPACES.sub("", text.replace("\N{MINUS SIGN}", "-"))
    language = "en" if get_language() == "en" else "pt-br"
    if FORMS[language].fullmatch(bare):
        group = "," if language == "en" else "."
        return Decimal(bare.replace(group, "").replace(",", "."))
    return Decimal(bare.replace(",", ".")) if PLAIN.fullmatch(bare) else None


class TypedDecimalField(forms.DecimalField):
    """A decimal as the page writes decimals; bounds and places are DecimalField's."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50."),
    }

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, Decimal):
            return value
        if value in self.empty_values:
            return None
        number = typed_number(str(value))
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number
