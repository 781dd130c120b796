"""Forms of campaigns and of the log of e-mails."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_admin_level
from mainapp.core.audience import existing, key_of
from mainapp.core.forms import DayField
from mainapp.core.paths import MAX_KEY
from mainapp.notifications.models import Broadcast, Delivery, MailTemplate
from mainapp.notifications.rendering import NO_LINKS, has_address

ALL, CLUB, FILTER = "all", "club", "filter"
TO = [(ALL, _("Todos")), (FILTER, _("Quem atende aos critérios"))]
CONDITIONS = (
    *("language", "joined_after", "joined_before", "active_since", "is_verified", "level"),
)


def _choice(label: Any, choices: Any, **options: Any) -> forms.ChoiceField:
    widget = forms.Select(attrs={"class": "select"})
    return forms.ChoiceField(label=label, required=False, choices=choices, widget=widget, **options)


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    """A campaign: its notification, its e-mail, and whom it reaches."""

    template = forms.ModelChoiceField(
        label=_("Modelo do e-mail"),
        queryset=MailTemplate.objects.all(),
        required=False,
        empty_label=_("Sem modelo: o título e o texto acima"),
        widget=forms.Select(attrs={"class": "select"}),
        help_text=_("Os modelos são escritos na administração."),
    )
    to = _choice(_("Para"), TO)
    club = forms.IntegerField(
        label=_("Número do clube"),
        required=False,
        min_value=1,
        max_value=MAX_KEY,
        widget=forms.NumberInput(attrs={"class": "input"}),
        help_text=_("O número que aparece na lista de clubes da administração."),
    )
    language = _choice(_("Idioma"), [("", _("Qualquer um")), *settings.LANGUAGES])
    joined_after = DayField(label=_("Entrou desde"))
    joined_before = DayField(label=_("Entrou antes de"))
    active_since = DayField(label=_("Último acesso desde"))
    is_verified = _choice(
        _("E-mail confirmado"), [("", _("Tanto faz")), ("yes", _("Sim")), ("no", _("Não"))]
    )
    level = _choice(_("Nível de acesso"), [("", _("Qualquer um")), *User.Access.choices])

    class Meta:
        model = Broadcast
        fields = ["title", "body", "url", "is_email"]
        widgets = {
            "title": forms.TextInput(attrs={"class": "input"}),
            "body": forms.Textarea(attrs={"class": "input", "rows": 5}),
            "url": forms.TextInput(attrs={"class": "input"}),
            "is_email": forms.CheckboxInput(attrs={"class": "check-input"}),
        }
        help_texts = {"url": _("Um caminho deste site, como /sources/. Pode ficar vazio.")}

    def __init__(self, data: Any = None, *, author: User) -> None:
        super().__init__(data)
        if is_admin_level(author):
            field = self.fields["to"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*TO, (CLUB, _("Um clube"))]
        else:
            del self.fields["club"]

    @property
    def message_fields(self) -> list[Any]:
        return [self[name] for name in ("title", "body", "url", "is_email", "template")]

    @property
    def audience_fields(self) -> list[Any]:
        return [self[name] for name in ("to", "club") if name in self.fields]

    @property
    def condition_fields(self) -> list[Any]:
        return [self[name] for name in CONDITIONS]

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())

    def clean_url(self) -> str:
        url: Any = self.cleaned_data["url"]
        is_path = url.startswith("/") and not url.startswith("//") and url.isprintable()
        if url and (not is_path or "\\" in url or " " in url):
            raise forms.ValidationError(_("O link é um caminho deste site, como /sources/."))
        return str(url)

    def clean(self) -> dict[str, Any]:
        """Return the arguments of `create_campaign`."""
        cleaned = dict(super().clean() or self.cleaned_data)
        to = cleaned.pop("to", "") or ALL
        club = cleaned.pop("club", None)
        chosen = {name: cleaned.pop(name, None) for name in CONDITIONS}
        conditions = {name: _json(value) for name, value in chosen.items() if value}
        if to == FILTER and not conditions and not self.errors:
            self.add_error("to", _("Escolha ao menos um critério."))
        if to != FILTER and conditions:
            self.add_error("to", _("Os critérios só valem para “Quem atende aos critérios”."))
        audience = key_of(CLUB, club or 0) if to == CLUB else ""
        if audience and not existing([audience]):
            self.add_error("club", _("Este clube não existe."))
        if cleaned.get("is_email") and not cleaned.get("template"):
            self._check_subject(cleaned.get("title", ""))
        if cleaned.get("template") and not cleaned.get("is_email"):
            self.add_error("template", _("Modelos são só para e-mails: marque o envio por e-mail."))
        return {**cleaned, "audience": audience, "conditions": conditions or None}

    def _check_subject(self, title: str) -> None:
        """Refuse links in the title, which is the subject of an e-mail without a template."""
        if has_address(title):
            self.add_error("title", NO_LINKS)

    def _post_clean(self) -> None:
        """Leave the model's checks out: the row is written by a service."""


def _json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return {"yes": True, "no": False}.get(value, value)


class MailLogForm(forms.Form):
    """The filters of the log of e-mails; a wrong value filters nothing."""

    campaign = forms.IntegerField(
        label=_("Número da campanha"),
        required=False,
        min_value=1,
        max_value=MAX_KEY,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )
    person = forms.CharField(
        label=_("Usuário ou e-mail"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    state = _choice(_("Estado"), [("", _("Todos")), *Delivery.State.choices])
    since = DayField(label=_("Desde"))
    until = DayField(label=_("Até"))
