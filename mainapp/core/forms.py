"""Decimal numbers in forms and files, with Brazilian or English separators."""

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
# One of the separators may group thousands; the other one, at most once, starts the decimals.
NUMBER = re.compile(
    r"(?P<sign>[+-]?)"
    r"(?:(?P<grouped>[1-9]\d{0,2}(?P<group>[.,])\d{3}(?:(?P=group)\d{3})*)|(?P<digits>\d+))"
    r"(?:(?P<point>[.,])(?P<decimals>\d*))?",
    re.ASCII,
)


class AmbiguousNumber(ValueError):
    """A number such as 1.000: one thousand in Portuguese, one with three decimals in English."""

    def __init__(self, whole: str, decimals: str) -> None:
        super().__init__(f"{whole}.{decimals}")
        self.whole = whole
        self.decimals = decimals


def decimal_separator() -> str:
    """Return the decimal separator of the active language."""
    return "." if get_language() == "en" else ","


def parse_number(text: str, *, separator: str | None = None) -> Decimal | None:
    """Return the number in `text`, with comma or point as decimal separator; None if invalid.

    1.000,50 and 1,000.50 and R$ 1000,5 have only one meaning. 1.000 is read with the decimal
    separator `separator`. Raises: AmbiguousNumber if that is needed and not given.
    """
    bare = SPACES.sub("", text.replace("\N{MINUS SIGN}", "-"))
    match = NUMBER.fullmatch(bare) if len(bare) <= MAX_LENGTH else None
    if match is None or (match["point"] and match["point"] == match["group"]):
        return None
    whole = match["digits"] or re.sub(r"[.,]", "", match["grouped"])
    decimals = match["decimals"] or ""
    if match["grouped"] and not match["point"] and bare.count(match["group"]) == 1:
        if separator is None:
            raise AmbiguousNumber(whole[:-3], whole[-3:])
        if separator == match["group"]:
            whole, decimals = whole[:-3], whole[-3:]
    return Decimal(f"{match['sign']}{whole}.{decimals or '0'}")


def detect_separator(texts: Iterable[str]) -> str | None:
    """Return the decimal separator used in a file's numbers; None if it is unclear or mixed."""
    separators = set()
    for text in texts:
        match = NUMBER.fullmatch(SPACES.sub("", text)) if len(text) <= MAX_LENGTH else None
        if match and match["point"]:
            separators.add(match["point"])
        elif match and match["grouped"] and match["grouped"].count(match["group"]) > 1:
            separators.add("," if match["group"] == "." else ".")
    return separators.pop() if len(separators) == 1 else None


def format_number(value: Decimal, *, separator: str) -> str:
    """Format a number so that `parse_number` reads it back in any language.

    Without thousands separators or trailing zeros, and never with three decimals, which would be
    ambiguous: 30,1250.
    """
    whole, _point, decimals = f"{value:f}".partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) == 3:
        decimals += "0"
    return f"{whole}{separator}{decimals}" if decimals else whole


class TypedDecimalField(forms.DecimalField):
    """A decimal in the page's language, with the bounds and places of DecimalField.

    An ambiguous number such as 1.000 is refused with a question or, with `is_cash`, read in the
    page's language: amounts of money have no three decimals.
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
            is_clear = self.is_cash or decimal_separator() in text
            number = parse_number(text, separator=decimal_separator() if is_clear else None)
        except AmbiguousNumber as error:
            raise self.ambiguous(text, error) from None
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return format_number(value, separator=decimal_separator())
        return value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def ambiguous(self, text: str, error: AmbiguousNumber) -> ValidationError:
        """Return the error that asks which of the two readings is meant."""
        params = {
            "text": text.strip(),
            "whole": f"{error.whole}{error.decimals}",
            "decimal": f"{error.whole}{decimal_separator()}{error.decimals}0",
        }
        return ValidationError(self.error_messages["ambiguous"], code="ambiguous", params=params)
