"""The filter of the audit's page."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User, is_named
from mainapp.core.forms import DayField
from mainapp.core.models import AuditEntry
from mainapp.core.paths import parse_key
from mainapp.operations.rendering import MODELS

INPUT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
SELECT = {"class": "select"}
ANY = [("", _("Todos"))]


class AuditQuery(forms.Form):
    """Filters of entries; empty ones accept all. A person is a username, or the id of any account.

    The ids are those of deleted accounts too.
    """

    person = forms.CharField(
        label=_("Pessoa"), required=False, max_length=150, widget=forms.TextInput(INPUT)
    )
    way = forms.ChoiceField(
        label=_("Por onde"),
        required=False,
        choices=[*ANY, *AuditEntry.Way.choices],
        widget=forms.Select(SELECT),
    )
    action = forms.ChoiceField(
        label=_("Ação"),
        required=False,
        choices=[*ANY, *AuditEntry.Action.choices],
        widget=forms.Select(SELECT),
    )
    model = forms.ChoiceField(
        label=_("Objeto"),
        required=False,
        choices=[*ANY, *MODELS.items()],
        widget=forms.Select(SELECT),
    )
    key = forms.CharField(
        label=_("Número do objeto"), required=False, max_length=40, widget=forms.TextInput(INPUT)
    )
    since = DayField(label=_("De"))
    until = DayField(label=_("Até"))

    def clean_person(self) -> int | None:
        text = str(self.cleaned_data["person"]).strip().removeprefix("@")
        if not text:
            return None
        pk: int | None = User.objects.filter(is_named(text)).values_list("pk", flat=True).first()
        pk = parse_key(text) if pk is None else pk
        if pk is None:
            raise ValidationError(_("Ninguém usa este nome."))
        return pk

    def filters(self) -> dict[str, Any]:
        """Return the arguments of `audit_entries`; fields that are wrong are left out."""
        values: dict[str, Any] = {
            name: value for name, value in self.cleaned_data.items() if value not in ("", None)
        }
        if "person" in values:
            values["person_id"] = values.pop("person")
        if "since" in values:
            values["since"] = _midnight(values["since"])
        if "until" in values:
            values["until"] = _midnight(values["until"] + timedelta(days=1))
        return values


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
