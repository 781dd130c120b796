"""The filter of the audit's page."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.core.models import AuditEntry
from mainapp.core.paths import parse_key
from mainapp.operations.rendering import MODELS

ANY = [("", _("Todos"))]


class AuditQuery(forms.Form):
    """Filters of entries; empty ones accept all. A person is a username, or the id of any account.

    The ids are those of deleted accounts too.
    """

    person = forms.CharField(label=_("Pessoa"), required=False, max_length=150)
    way = forms.ChoiceField(
        label=_("Por onde"), required=False, choices=[*ANY, *AuditEntry.Way.choices]
    )
    action = forms.ChoiceField(
        label=_("Ação"), required=False, choices=[*ANY, *AuditEntry.Action.choices]
    )
    model = forms.ChoiceField(label=_("Objeto"), required=False, choices=[*ANY, *MODELS.items()])
    key = forms.CharField(label=_("Número do objeto"), required=False, max_length=40)
    since = forms.DateField(label=_("De"), required=False, input_formats=["%Y-%m-%d"])
    until = forms.DateField(label=_("Até"), required=False, input_formats=["%Y-%m-%d"])

    def clean_person(self) -> int | None:
        text = str(self.cleaned_data["person"]).strip().removeprefix("@")
        if not text:
            return None
        pk: int | None = (
            User.objects.filter(username__iexact=text).values_list("pk", flat=True).first()
        )
        pk = parse_key(text) if pk is None else pk
        if pk is None:
            raise ValidationError(_("Não há quem use este nome."))
        return pk

    def filters(self) -> dict[str, Any]:
        """Return the arguments of `audit_entries`; fields that are wrong are left out."""
        given = (
            dict(self.cleaned_data) if not self.errors else dict(getattr(self, "cleaned_data", {}))
        )
        names = {"person": "person_id", "since": "since", "until": "until"}
        values = {
            names.get(name, name): value for name, value in given.items() if value not in ("", None)
        }
        if since := values.get("since"):
            values["since"] = timezone.make_aware(datetime.combine(since, time()))
        if until := values.get("until"):
            values["until"] = timezone.make_aware(
                datetime.combine(until + timedelta(days=1), time())
            )
        return values
