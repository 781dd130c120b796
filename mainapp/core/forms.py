"""Form fields shared by all features."""

from datetime import date
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mainapp.core.numbers import format_number, parse_number
from mainapp.core.pictures.decoding import MAX_BYTES

MAX_DIGITS = 20
FILTER_DIGITS, FILTER_PLACES = 24, 8


def decimal_separator() -> str:
    """Return the decimal separator of the active language."""
    return "." if get_language() == "en" else ","


class TypedDecimalField(forms.DecimalField):
    """A decimal in the page's language, with the bounds and places of DecimalField.

    1.000 is a thousand on a Portuguese page, and one with three decimals on an English page.
    """

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50."),
    }

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override] # the stubs say int
        if isinstance(value, Decimal):
            return value
        if value in self.empty_values:
            return None
        number = parse_number(str(value), separator=decimal_separator())
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return format_number(value, separator=decimal_separator())
        return value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}


class TypedIntegerField(forms.IntegerField):
    """A whole number in the page's language: 1.000 is a thousand on a Portuguese page.

    IntegerField would read 1.000 as 1.
    """

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, int):
            return value
        if value in self.empty_values:
            return None
        number = parse_number(str(value), separator=decimal_separator())
        if number is None or number.adjusted() > MAX_DIGITS or number != int(number):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(number)


class NumberFilter(django_filters.NumberFilter):  # type: ignore[misc] # without types
    """A filter by a number with at most FILTER_PLACES decimals.

    PostgreSQL fails on numbers such as 1e-999999999, which are between any bounds.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, max_digits=FILTER_DIGITS, decimal_places=FILTER_PLACES, **options)


class PictureField(forms.FileField):
    """A picture of a person or a club; `core.pictures` checks its content."""

    default_error_messages = {
        "required": _("Escolha um arquivo."),
        "empty": _("O arquivo está vazio."),
    }

    def __init__(self, *, label: Any) -> None:
        accepted = "image/jpeg,image/png,image/webp,image/gif"
        attributes = {"accept": accepted, "class": "input", "data-max-bytes": MAX_BYTES}
        super().__init__(label=label, widget=forms.FileInput(attrs=attributes))


class DayField(forms.DateField):
    """An optional day of this century: the midnight after the year 9999 is no time."""

    widget = forms.DateInput({"class": "input", "type": "date"}, format="%Y-%m-%d")
    default_validators = [
        MinValueValidator(date(2000, 1, 1)),
        MaxValueValidator(date(2099, 12, 31)),
    ]

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%d"], **options)
