"""The form of a calendar file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CalendarForm(forms.Form):
    """A calendar file to import."""

    file = forms.FileField(
        label=_("Arquivo .ics"),
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar", "class": "input"}),
        error_messages={"required": _("Escolha um arquivo."), "empty": _("O arquivo está vazio.")},
    )
    club = forms.ChoiceField(
        label=_("Para quem"), required=False, widget=forms.Select(attrs={"class": "select"})
    )

    def __init__(self, data: Any = None, files: Any = None, *, clubs: Any = ()):
        super().__init__(data, files)
        public = [("", _("Todos (público)"))]
        self.fields["club"].choices = [*public, *((c.slug, c.name) for c in clubs)]  # type: ignore[attr-defined]
