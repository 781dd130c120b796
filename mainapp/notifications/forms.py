"""Forms for channels, their codes, and broadcasts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mainapp.notifications.models import Broadcast, Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFields:
    """Labels and help of a channel kind's fields, in the wording of the service's own pages."""

    address: Any  # lazy translations, which have no common public type
    help_text: Any
    placeholder: str
    secret: Any = ""
    secret_help: Any = ""
    is_secret_required: bool = True


KIND_FIELDS: Mapping[str, KindFields] = {
    Channel.Kind.EMAIL: KindFields(
        address=_("E-mail"),
        help_text=_("Enviamos a este endereço um link que o confirma."),
        placeholder="ana@example.com",
    ),
    Channel.Kind.TELEGRAM: KindFields(
        address=_("Conversa ou canal"),
        help_text=_(
            "O número da conversa (de um grupo começa com -) ou o @nome de um canal. Escreva antes "
            "algo ao bot, ou ponha-o no grupo: ele não pode começar a conversa."
        ),
        placeholder="-1001234567890",
        secret=_("Token do bot"),
        secret_help=_("O @BotFather do Telegram dá um a cada bot: 123456789:AAE…"),
    ),
    Channel.Kind.DISCORD: KindFields(
        address=_("URL do webhook"),
        help_text=_("No Discord: editar canal, Integrações, Webhooks, Copiar URL do webhook."),
        placeholder="https://discord.com/api/webhooks/…/…",
    ),
    Channel.Kind.SLACK: KindFields(
        address=_("URL do webhook"),
        help_text=_("No Slack: em api.slack.com/apps, seu aplicativo, Incoming Webhooks."),
        placeholder="https://hooks.slack.com/services/T…/B…/…",
    ),
    Channel.Kind.PUSHOVER: KindFields(
        address=_("Chave do usuário"),
        help_text=_("Está no alto da página pushover.net quando você entra nela (User Key)."),
        placeholder="u…",
        secret=_("Token do aplicativo"),
        secret_help=_("Crie um aplicativo em pushover.net/apps/build (API Token)."),
    ),
    Channel.Kind.NTFY: KindFields(
        address=_("URL do tópico"),
        help_text=_(
            "O servidor e o nome do tópico. Quem sabe o nome de um tópico público lê o que chega "
            "nele: escolha um difícil de adivinhar."
        ),
        placeholder="https://ntfy.sh/meu-topico",
        secret=_("Token de acesso"),
        secret_help=_("Só se o tópico o exige; começa com tk_."),
        is_secret_required=False,
    ),
    Channel.Kind.GOTIFY: KindFields(
        address=_("URL do servidor"),
        help_text=_(
            "O do seu servidor Gotify: público e com https, ou liberado pelo operador do site."
        ),
        placeholder="https://gotify.example.com",
        secret=_("Token do aplicativo"),
        secret_help=_("No Gotify: Apps, Create Application. Começa com A."),
    ),
    Channel.Kind.WEBHOOK: KindFields(
        address=_("URL"),
        help_text=_(
            "Um endereço seu, que recebe um POST de JSON assinado: público e com https, ou "
            "liberado pelo operador do site."
        ),
        placeholder="https://example.com/avisos",
    ),
}
KINDS = [(kind, Channel.Kind(kind).label) for kind in KIND_FIELDS]


class ChannelForm(forms.Form):
    """Form for a new channel of one kind; that kind's transport validates address and secret."""

    kind = forms.ChoiceField(choices=KINDS, widget=forms.HiddenInput)
    address = forms.CharField(
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, kind: str = "") -> None:
        self.chosen = kind if kind in KIND_FIELDS else Channel.Kind.EMAIL.value
        super().__init__(data, initial={"kind": self.chosen})
        texts = KIND_FIELDS[self.chosen]
        address = self.fields["address"]
        address.label, address.help_text = texts.address, texts.help_text
        address.widget.attrs["placeholder"] = texts.placeholder
        if not texts.secret:
            del self.fields["secret"]
            return
        secret = self.fields["secret"]
        secret.label, secret.help_text = texts.secret, texts.secret_help
        secret.required = texts.is_secret_required


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Código"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class BroadcastForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = Broadcast
        fields = ["title", "body", "url", "is_email"]
        widgets = {"body": forms.Textarea(attrs={"rows": 5})}
        help_texts = {"url": _("Um caminho deste site, como /sources/. Pode ficar vazio.")}

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())

    def clean_url(self) -> str:
        url: Any = self.cleaned_data["url"]
        if url and (not url.startswith("/") or url.startswith("//") or "\\" in url):
            raise forms.ValidationError(_("O link é um caminho deste site, como /sources/."))
        return str(url)
