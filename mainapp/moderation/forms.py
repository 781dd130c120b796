"""Forms of complaints, decisions and suspensions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from mainapp.moderation.models import Case, Complaint
from mainapp.moderation.policies import MAX_REASON, SUSPENSION_DAYS

SELECT = forms.Select(attrs={"class": "select"})
NOTE = forms.Textarea(attrs={"class": "input", "rows": 3})


def _days() -> list[tuple[int, Any]]:
    return [(n, ngettext_lazy("%(n)s dia", "%(n)s dias", n) % {"n": n}) for n in SUSPENSION_DAYS]


class ComplaintForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = Complaint
        fields = ["category", "reason"]
        widgets = {"category": SELECT, "reason": NOTE}
        labels = {"category": _("Motivo"), "reason": _("O que há de errado?")}
        help_texts = {"reason": _("Se quiser, explique em poucas palavras.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].required = False

    def clean_category(self) -> str:
        return self.cleaned_data["category"] or Complaint.Category.OTHER


class DecisionForm(forms.Form):
    """A decision about the state of a case that a moderator has seen."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    decision = forms.ChoiceField(
        label=_("Decisão"),
        choices=[
            (Case.Decision.DISMISSED, _("Nada a fazer")),
            (Case.Decision.REMOVED, _("Apagar o que foi denunciado")),
            (Case.Decision.SUSPENDED, _("Só suspender a pessoa")),
        ],
        widget=SELECT,
    )
    days = forms.TypedChoiceField(
        label=_("Suspender a pessoa"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("Não suspender")), *_days()],
        widget=SELECT,
        help_text=_("Quem está suspenso só pode ler: não escreve, não reage nem manda arquivos."),
    )
    note = forms.CharField(
        label=_("Observação"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input"}),
        help_text=_("Fica no registro. Em caso de suspensão, a pessoa também pode ler."),
    )

    def __init__(self, *args: Any, may_suspend: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_suspend:
            del self.fields["days"]
            field: Any = self.fields["decision"]
            field.choices = field.choices[:2]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("decision") == Case.Decision.SUSPENDED and not data.get("days"):
            self.add_error("days", _("Escolha por quanto tempo."))
        return data


class SuspensionForm(forms.Form):
    """A suspension and its reason."""

    days = forms.TypedChoiceField(
        label=_("Por quanto tempo"), coerce=int, choices=_days, widget=SELECT
    )
    reason = forms.CharField(
        label=_("Motivo"),
        required=False,
        max_length=min(200, MAX_REASON),
        widget=forms.TextInput(attrs={"class": "input"}),
        help_text=_("A pessoa vai ler este texto."),
    )


class QueueQuery(forms.Form):
    """The query string of the queue; an invalid field counts as empty."""

    state = forms.ChoiceField(required=False, choices=Case.State)
    page = forms.CharField(required=False)

    def query(self) -> dict[str, str]:
        self.is_valid()
        state = self.cleaned_data.get("state") or Case.State.OPEN
        return {"state": state, "number": self.cleaned_data.get("page") or ""}
