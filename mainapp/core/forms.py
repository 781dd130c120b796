"""Numbers as people type them, in the language of the page."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

MAX_LENGTH = 60
SPACES = re.compile(r"\s|R\$", re.IGNORECASE)
# At most one kind of separator can group, by threes; the other, once, begins the decimals.
NUMBER = re.compile(
    r"(?P<sign>[+-]?)"
    r"(?:(?P<grouped>[1-9]\d{0,2}(?P<group>[.,])\d{3}(?:(?P=group)\d{3})*)|(?P<digits>\d+))"
    r"(?:(?P<point>[.,])(?P<decimals>\d*))?",
    re.ASCII,
)


class AmbiguousNumber(ValueError):
    """Three digits after one separator: thousands to some readers, decimals to others."""

    def __init__(self, whole: str, decimals: str) -> None:
        super().__init__(f"{whole}.{decimals}")
        self.whole = whole
        self.decimals = decimals


def decimal_sign() -> str:
    """Return what parts the decimals in the active language."""
    return "." if get_language() == "en" else ","


def typed_number(text: str, *, sign: str | None = None) -> Decimal | None:
    """Return the number that `text` writes, whichever of comma and point it uses; None for none.

    1.000,50 and 1,000.50 and R$ 1000,5 mean one thing alone. Of 1.000 `sign`, what parts the
    decimals for its writer, decides. Raises: AmbiguousNumber where it is not given.
    """
    bare = SPACES.sub("", text.replace("\N{MINUS SIGN}", "-"))
    match = NUMBER.fullmatch(bare) if len(bare) <= MAX_LENGTH else None
    if match is None or (match["point"] and match["point"] == match["group"]):
        return None
    whole = match["digits"] or re.sub(r"[.,]", "", match["grouped"])
    decimals = match["decimals"] or ""
    if match["grouped"] and not match["point"] and bare.count(match["group"]) == 1:
        if sign is None:
            raise AmbiguousNumber(whole[:-3], whole[-3:])
        if sign == match["group"]:
            whole, decimals = whole[:-3], whole[-3:]
    return Decimal(f"{match['sign']}{whole}.{decimals or '0'}")


def sign_used_in(texts: Iterable[str]) -> str | None:
    """Return what parts the decimals in all of one file's numbers; None if none or both do."""
    signs = set()
    for text in texts:
        match = NUMBER.fullmatch(SPACES.sub("", text)) if len(text) <= MAX_LENGTH else None
        if match and match["point"]:
            signs.add(match["point"])
        elif match and match["grouped"] and match["grouped"].count(match["group"]) > 1:
            signs.add("," if match["group"] == "." else ".")
    return signs.pop() if len(signs) == 1 else None


def written_number(value: Decimal, *, sign: str) -> str:
    """Write a number so that `typed_number` reads it back whatever its reader's language.

    No thousands, no idle zeros, and never three decimals: 30,1250.
    """
    whole, _point, decimals = f"{value:f}".partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) == 3:
        decimals += "0"
    return f"{whole}{sign}{decimals}" if decimals else whole


class TypedDecimalField(forms.DecimalField):
    """A decimal as the page writes decimals; bounds and places are DecimalField's.

    Thousands that may as well be decimals are asked back, or with `is_cash` taken for thousands.
    """

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50."),
        "ambiguous": _(
            "“%(text)s” pode ser lido de duas formas: escreva %(whole)s se são milhares, "
            "ou %(decimal)s se são decimais."
        ),
    }

    def __init__(self, *, is_cash: bool = False, **kwargs: Any) -> None:
        self.is_cash = is_cash
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override] # the stubs say int
        if isinstance(value, Decimal):
            return value
        if value in self.empty_values:
            return None
        text = str(value)
        try:
            is_known = self.is_cash or decimal_sign() in text
            number = typed_number(text, sign=decimal_sign() if is_known else None)
        except AmbiguousNumber as error:
            raise self.ambiguous(text, error) from None
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return written_number(value, sign=decimal_sign())
        return value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def ambiguous(self, text: str, error: AmbiguousNumber) -> ValidationError:
        """Return the question that an ambiguous number is answered with."""
        params = {
            "text": text.strip(),
            "whole": f"{error.whole}{error.decimals}",
            "decimal": f"{error.whole}{decimal_sign()}{error.decimals}0",
        }
        return ValidationError(self.error_messages["ambiguous"], code="ambiguous", params=params)
