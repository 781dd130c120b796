"""Forms of the profile, the preferences, the picture, and the deletion of the account."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.forms import ConfirmPasswordForm
from mainapp.accounts.models import Preferences, User
from mainapp.agenda.forms import zone_choices
from mainapp.core.forms import PictureField
from mainapp.core.names import is_plain_text


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = User
        fields = ["display_name", "bio"]
        widgets = {
            "display_name": forms.TextInput(attrs={"class": "input"}),
            "bio": forms.Textarea(attrs={"class": "input", "rows": 5}),
        }
        help_texts = {
            "display_name": _("Vazio: os outros veem o seu nome de usuário."),
            "bio": _("Até 500 caracteres; todos podem ler."),
        }

    def clean_bio(self) -> str:
        bio = str(self.cleaned_data["bio"])
        if not is_plain_text(bio.replace("\r", "")):
            raise ValidationError(_("Há um caractere que não se pode mostrar."))
        return bio


class PreferencesForm(forms.Form):
    """One or more preferences; those that are not sent stay unchanged."""

    language = forms.ChoiceField(
        label=_("Idioma"),
        required=False,
        choices=[("", _("Igual ao do navegador")), *settings.LANGUAGES],
    )
    theme = forms.ChoiceField(
        label=_("Aparência"),
        required=False,
        choices=[
            (Preferences.Theme.SYSTEM, _("Igual à do sistema")),
            *Preferences.Theme.choices[1:],
        ],
    )
    monitoring_minutes = forms.TypedChoiceField(
        label=_("Frequência dos novos alertas"),
        required=False,
        choices=Preferences.Period.choices,
        coerce=int,
        empty_value=None,
        help_text=_("De quanto em quanto tempo um novo alerta confere o preço."),
    )

    hides_presence = forms.TypedChoiceField(
        label=_("Quem vê que estou online"),
        required=False,
        choices=[("False", _("Quem conversa comigo")), ("True", _("Ninguém"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        help_text=_("Vale para as salas, as conversas e o seu perfil."),
    )
    hides_talk_in_mails = forms.TypedChoiceField(
        label=_("Conversas fora do site"),
        required=False,
        choices=[("False", _("Com nomes de pessoas e grupos")), ("True", _("Sem nomes"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        help_text=_("Nos e-mails e nos outros canais. Sem nomes, eles só dizem que há mensagens."),
    )

    time_zone = forms.ChoiceField(
        label=_("Fuso horário"),
        required=False,
        choices=zone_choices,
        help_text=_("O da agenda e dos lembretes."),
    )
    follows_agenda = forms.TypedChoiceField(
        label=_("Eventos públicos novos"),
        required=False,
        choices=[("False", _("Não avisar")), ("True", _("Avisar"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        help_text=_("Os dos seus clubes são sempre avisados."),
    )
    gets_news = forms.TypedChoiceField(
        label=_("Novidades por e-mail"),
        required=False,
        choices=[("True", _("Receber")), ("False", _("Não receber"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        help_text=_(
            "E-mails da equipe do site. Alertas e mensagens da conta chegam mesmo sem eles."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Return the fields that were sent; only the language may be empty: the browser's."""
        cleaned = {name: value for name, value in self.cleaned_data.items() if name in self.data}
        for name, value in cleaned.items():
            if name != "language" and value in ("", None):
                self.add_error(name, _("Escolha uma das opções."))
        if not cleaned and not self.errors:
            raise ValidationError(_("Escolha uma das opções."))
        return cleaned


class PictureForm(forms.Form):
    picture = PictureField(label=_("Foto"))


class DeleteAccountForm(ConfirmPasswordForm):
    """The deletion of an account, confirmed with the password."""


class FollowForm(forms.Form):
    """The first step after sign-up: some of the offered stocks, and further codes."""

    symbols = forms.MultipleChoiceField(required=False)
    more = forms.CharField(
        label=_("Outros ativos"),
        required=False,
        max_length=200,
        help_text=_("Códigos separados por espaço, como HGLG11 BOVA11."),
        widget=forms.TextInput(attrs={"class": "input", "placeholder": "HGLG11 BOVA11"}),
    )

    def __init__(self, data: Any, *, offered: Iterable[str]) -> None:
        super().__init__(data)
        field = self.fields["symbols"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(symbol, symbol) for symbol in offered]

    @property
    def chosen(self) -> list[str]:
        """The chosen symbols, then the further ones as typed."""
        more = self.cleaned_data["more"].replace(",", " ").replace(";", " ").upper()
        return [*self.cleaned_data["symbols"], *more.split()]


class ReachForm(forms.Form):
    """The second step after sign-up: whether notifications go to the account's address."""

    by_mail = forms.BooleanField(required=False)
