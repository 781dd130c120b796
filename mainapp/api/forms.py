"""The form of a new API key."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.forms import ConfirmPasswordForm
from mainapp.core.names import one_line
from mainapp.core.policies import SCOPES

SCOPE_LABELS = {
    "read": _("Ler os seus dados e as cotações"),
    "alerts:write": _("Criar, mudar e apagar alertas"),
    "carteira:write": _("Mudar a carteira"),
    "forum:write": _("Criar salas e enviar mensagens"),
    "agenda:write": _("Criar eventos e pedir vagas"),
    "clubs:write": _("Criar clubes e cuidar deles"),
    "ideas:write": _("Publicar e encerrar ideias, e comentar"),
    "notifications:write": _("Marcar e apagar notificações"),
    "reports:write": _("Pedir, cancelar e apagar relatórios"),
}
DAYS = {7: _("7 dias"), 30: _("30 dias"), 90: _("90 dias"), 365: _("1 ano")}


class KeyForm(ConfirmPasswordForm):
    """A new key, confirmed with the password."""

    field_order = ["name", "scopes", "days", "password"]

    name = forms.CharField(
        label=_("Nome"),
        max_length=60,
        help_text=_("Para reconhecê-la depois: o programa ou o aparelho que a usa."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("O que a chave pode"),
        choices=[(scope, SCOPE_LABELS[scope]) for scope in SCOPES],
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label=_("Validade"), choices=list(DAYS.items()), coerce=int, initial=90
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if one_line(name) != name:
            raise ValidationError(_("Há um caractere que não se pode mostrar."))
        return name
