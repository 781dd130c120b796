"""The form for requesting a report."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.operations.models import Report
from mainapp.operations.selectors.reports import offered

SELECT = {"class": "select"}
FORMATS = {
    Report.Format.CSV: _("CSV: texto, para qualquer programa"),
    Report.Format.XLSX: _("XLSX: planilha"),
}


class ReportForm(forms.Form):
    """What to report (kind and parameters in one choice), and the file's format."""

    subject = forms.ChoiceField(label=_("O que exportar"), widget=forms.Select(SELECT))
    format = forms.ChoiceField(
        label=_("Formato"), choices=list(FORMATS.items()), widget=forms.Select(SELECT)
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offered = offered(user)
        choices = [(value, option.label) for value, (_kind, option) in self.offered.items()]
        subject: Any = self.fields["subject"]
        subject.choices = choices

    def request(self) -> dict[str, Any]:
        """Return the arguments of `request_report`."""
        kind, option = self.offered[self.cleaned_data["subject"]]
        return {
            "kind": kind.name,
            "params": option.params,
            "format": self.cleaned_data["format"],
        }
