"""Forms of seats."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mainapp.agenda.policies import MAX_SEATS_A_PERSON


class SeatsForm(forms.Form):
    seats = forms.TypedChoiceField(
        label=_("Vagas"),
        choices=[(number, str(number)) for number in range(1, MAX_SEATS_A_PERSON + 1)],
        coerce=int,
        empty_value="1",
        required=False,
    )
    wait = forms.BooleanField(required=False)


class PaidForm(forms.Form):
    paid = forms.BooleanField(required=False)
