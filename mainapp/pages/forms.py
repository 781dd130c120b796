"""Forms of the profile, the preferences, the picture, and the deletion of the account."""

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import Preferences, User

# Unicode categories of control characters and of code points without a character.
HIDDEN = {"Cc", "Cs", "Co", "Cn"}
# Characters that change the direction of the text after them.
DIRECTIONAL = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
# Letters by category, but displayed as nothing: Hangul fillers and Khmer inherent vowels.
BLANK = set("\u115f\u1160\u17b4\u17b5\u3164\uffa0")
INVISIBLE = DIRECTIONAL | BLANK
# Alphabets with similar letters: a name that mixes them could imitate another user's.
CONFUSABLE = {"LATIN", "CYRILLIC", "GREEK"}


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = User
        fields = ["display_name", "bio"]
        widgets = {
            "display_name": forms.TextInput(attrs={"class": "form-control"}),
            "bio": forms.Textarea(attrs={"class": "form-control", "rows": 5}),
        }
        help_texts = {
            "display_name": _("Vazio: os outros veem o seu nome de usuário."),
            "bio": _("Até 500 caracteres; todos podem ler."),
        }

    def clean_display_name(self) -> str:
        name = " ".join(check_visible(self.cleaned_data["display_name"]).split())
        if name and not any(unicodedata.category(letter)[0] in "LN" for letter in name):
            raise ValidationError(_("O nome precisa de ao menos uma letra ou um número."))
        if (
            len(CONFUSABLE & {unicodedata.name(letter, "").partition(" ")[0] for letter in name})
            > 1
        ):
            raise ValidationError(_("O nome mistura letras de alfabetos que se confundem."))
        return name

    def clean_bio(self) -> str:
        bio = str(self.cleaned_data["bio"]).replace("\r\n", "\n").replace("\r", "\n")
        check_visible(bio.replace("\n", " ").replace("\t", " "))
        return bio.strip()


def check_visible(text: str) -> str:
    """Return the text. Raises: ValidationError if a character is invisible or reorders others."""
    if any(unicodedata.category(char) in HIDDEN or char in INVISIBLE for char in text):
        raise ValidationError(_("Há um caractere que não se pode mostrar."))
    return text


class PreferencesForm(forms.Form):
    """One or more preferences; those that are not sent stay unchanged."""

    language = forms.ChoiceField(
        label=_("Idioma"),
        required=False,
        choices=[("", _("O do navegador")), *settings.LANGUAGES],
    )
    theme = forms.ChoiceField(
        label=_("Aparência"), required=False, choices=Preferences.Theme.choices
    )
    monitoring_minutes = forms.TypedChoiceField(
        label=_("Período de acompanhamento"),
        required=False,
        choices=Preferences.Period.choices,
        coerce=int,
        empty_value=None,
        help_text=_("De quanto em quanto tempo um novo alerta olha o preço."),
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
    picture = forms.FileField(
        label=_("Foto"),
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp,image/gif", "class": "form-control"}
        ),
        error_messages={"required": _("Escolha um arquivo."), "empty": _("O arquivo está vazio.")},
    )


class DeleteAccountForm(forms.Form):
    """Form with the password, so that an unattended browser is not enough to delete an account."""

    password = forms.CharField(
        label=_("Sua senha"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self._user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self._user.check_password(password):
            raise ValidationError(_("A senha não confere."))
        return password
