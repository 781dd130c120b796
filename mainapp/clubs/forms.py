"""Forms of clubs, invitations and memberships."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.policies import MAX_USES
from mainapp.core.forms import PictureField, TypedIntegerField
from mainapp.core.paths import MAX_KEY

SELECT = forms.Select(attrs={"class": "select"})


class NewClubForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = Club
        fields = ["name", "description"]
        widgets = {
            "name": forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
            "description": forms.Textarea(attrs={"class": "input", "rows": 4}),
        }
        labels = {"name": _("Nome do clube"), "description": _("Descrição")}
        help_texts = {"description": _("O que vocês estudam e como decidem. Só os membros leem.")}


class ClubForm(NewClubForm):
    class Meta(NewClubForm.Meta):
        fields = ["name", "description", "filtered_words"]
        widgets = {
            **NewClubForm.Meta.widgets,
            "filtered_words": forms.Textarea(attrs={"class": "input", "rows": 4}),
        }
        labels = {**NewClubForm.Meta.labels, "filtered_words": _("Palavras barradas")}
        help_texts = {
            **NewClubForm.Meta.help_texts,
            "filtered_words": _(
                "Uma por linha. Mensagens, ideias, comentários e eventos do clube com uma delas "
                "não são aceitos."
            ),
        }


class PictureForm(forms.Form):
    picture = PictureField(label=_("Imagem do clube"))


class InvitationForm(forms.Form):
    """A new link."""

    days = forms.TypedChoiceField(
        label=_("Vale por"),
        coerce=int,
        initial=7,
        choices=[(n, ngettext_lazy("%(n)s dia", "%(n)s dias", n) % {"n": n}) for n in (1, 7, 30)],
        widget=SELECT,
    )
    max_uses = TypedIntegerField(
        label=_("Quantas pessoas podem entrar"),
        initial=1,
        min_value=1,
        max_value=MAX_USES,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "numeric"}),
    )


class RoleForm(forms.Form):
    user = forms.IntegerField(min_value=1, max_value=MAX_KEY)
    role = forms.ChoiceField(choices=ClubMember.Role)


class SwitchForm(forms.Form):
    """A switch, `on` or off."""

    on = forms.BooleanField(required=False)


class ListQuery(forms.Form):
    """The query string of a list; an invalid field counts as empty."""

    page = forms.CharField(required=False)

    def number(self) -> str:
        self.is_valid()
        number: Any = self.cleaned_data.get("page")
        return number or ""
