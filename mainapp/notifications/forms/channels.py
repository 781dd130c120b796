"""Forms for channels, with a guide for each kind, and for confirmation codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mainapp.notifications.models import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFields:
    """A channel kind: its guide, and its fields in the wording of the service's own pages.

    `steps` explain how to set up the channel from scratch. `icon` is a name in the sprite.
    """

    icon: str
    about: Any  # lazy translations, which have no common public type
    steps: Sequence[Any]
    address: Any
    placeholder: str
    help_text: Any = ""
    secret: Any = ""
    secret_help: Any = ""
    is_secret_required: bool = True


ENTER_CODE = _("Adicione o canal e digite aqui o código que chega por ele.")
KIND_FIELDS: Mapping[str, KindFields] = {
    Channel.Kind.EMAIL: KindFields(
        icon="mail",
        about=_("Outro endereço, além do e-mail da sua conta."),
        steps=(
            _("Digite o endereço e adicione o canal."),
            _("Abra, nesse endereço, o link que enviamos: ele vale por três dias."),
        ),
        address=_("E-mail"),
        placeholder="ana@example.com",
    ),
    Channel.Kind.TELEGRAM: KindFields(
        icon="send",
        about=_("Um bot seu escreve numa conversa, num grupo ou num canal."),
        steps=(
            _("No Telegram, mande /newbot ao @BotFather e copie o token que ele dá."),
            _("Escreva algo ao bot, ou ponha-o no grupo: ele não pode começar a conversa."),
            _(
                "Abra api.telegram.org/bot<token>/getUpdates no navegador: o número da conversa "
                "está em “chat”, “id”."
            ),
            ENTER_CODE,
        ),
        address=_("Conversa ou canal"),
        help_text=_("O número da conversa (de um grupo começa com -) ou o @nome de um canal."),
        placeholder="-1001234567890",
        secret=_("Token do bot"),
        secret_help=_("Como 123456789:AAE…"),
    ),
    Channel.Kind.DISCORD: KindFields(
        icon="messages",
        about=_("As notificações aparecem num canal de um servidor seu."),
        steps=(
            _("No Discord, edite o canal e abra Integrações, Webhooks, Novo webhook."),
            _("Toque em “Copiar URL do webhook” e cole aqui."),
            ENTER_CODE,
        ),
        address=_("URL do webhook"),
        placeholder="https://discord.com/api/webhooks/…/…",
    ),
    Channel.Kind.SLACK: KindFields(
        icon="message",
        about=_("As notificações aparecem num canal do seu espaço de trabalho."),
        steps=(
            _("Em api.slack.com/apps, crie um aplicativo e ligue Incoming Webhooks."),
            _("Escolha o canal, copie a URL do webhook e cole aqui."),
            ENTER_CODE,
        ),
        address=_("URL do webhook"),
        placeholder="https://hooks.slack.com/services/T…/B…/…",
    ),
    Channel.Kind.PUSHOVER: KindFields(
        icon="phone",
        about=_("Notificações no celular, pelo aplicativo Pushover."),
        steps=(
            _("Instale o Pushover e entre em pushover.net: a User Key está no alto da página."),
            _("Crie um aplicativo em pushover.net/apps/build e copie o API Token."),
            ENTER_CODE,
        ),
        address=_("Chave do usuário"),
        help_text=_("A User Key, que começa com u."),
        placeholder="u…",
        secret=_("Token do aplicativo"),
        secret_help=_("O API Token, que começa com a."),
    ),
    Channel.Kind.NTFY: KindFields(
        icon="bell",
        about=_("Notificações no celular sem conta, pelo aplicativo livre ntfy."),
        steps=(
            _("Instale o ntfy e assine um tópico com um nome difícil de adivinhar."),
            _("Cole aqui a URL do tópico: quem sabe o nome dele lê o que chega."),
            ENTER_CODE,
        ),
        address=_("URL do tópico"),
        help_text=_("O servidor e o nome do tópico."),
        placeholder="https://ntfy.sh/meu-topico",
        secret=_("Token de acesso"),
        secret_help=_("Só se o tópico o exige; começa com tk_."),
        is_secret_required=False,
    ),
    Channel.Kind.GOTIFY: KindFields(
        icon="antenna",
        about=_("Notificações do seu próprio servidor Gotify."),
        steps=(
            _("No Gotify, abra Apps, Create Application, e copie o token."),
            _("Cole aqui o endereço do servidor e o token."),
            ENTER_CODE,
        ),
        address=_("URL do servidor"),
        help_text=_("Público e com https, ou liberado pelo operador do site."),
        placeholder="https://gotify.example.com",
        secret=_("Token do aplicativo"),
        secret_help=_("Começa com A."),
    ),
    Channel.Kind.WEBHOOK: KindFields(
        icon="code",
        about=_("Seu programa recebe cada notificação por POST (JSON assinado)."),
        steps=(
            _("Prepare um endereço que responda 2xx a um POST."),
            _("Cole aqui a URL: o segredo da assinatura aparece na página do canal."),
            ENTER_CODE,
        ),
        address=_("URL"),
        help_text=_("Pública e com https, ou liberada pelo operador do site."),
        placeholder="https://example.com/avisos",
    ),
}


KINDS = [(kind, Channel.Kind(kind).label) for kind in KIND_FIELDS]


class ChannelForm(forms.Form):
    """Form for a new channel of one kind; that kind's transport validates address and secret."""

    kind = forms.ChoiceField(choices=KINDS, widget=forms.HiddenInput)
    address = forms.CharField(
        max_length=500,
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    secret = forms.CharField(
        max_length=255,
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def __init__(self, data: Any = None, *, kind: str = "") -> None:
        self.chosen = kind if kind in KIND_FIELDS else Channel.Kind.EMAIL.value
        super().__init__(data, initial={"kind": self.chosen})
        self.guide = texts = KIND_FIELDS[self.chosen]
        address = self.fields["address"]
        address.label, address.help_text = texts.address, texts.help_text
        address.widget.attrs["placeholder"] = texts.placeholder
        if not texts.secret:
            del self.fields["secret"]
            return
        secret = self.fields["secret"]
        secret.label, secret.help_text = texts.secret, texts.secret_help
        secret.required = texts.is_secret_required

    @property
    def name(self) -> str:
        return str(Channel.Kind(self.chosen).label)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Código"),
        max_length=12,
        widget=forms.TextInput(
            attrs={"class": "input", "inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
    )


class DeviceForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = Channel
        fields = ["name", "shows_amounts"]
        labels = {"name": _("Nome do aparelho")}
        widgets = {
            "name": forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
            "shows_amounts": forms.CheckboxInput(attrs={"class": "check-input"}),
        }
        help_texts = {
            "shows_amounts": _(
                "Sem isto, a tela bloqueada diz qual ativo atingiu um limite, mas nenhum preço, "
                "valor ou texto seu."
            )
        }


class SubscriptionForm(forms.Form):
    """A browser's push subscription, in the form of `PushSubscription.toJSON()`."""

    endpoint = forms.CharField(max_length=500)
    p256dh = forms.CharField(max_length=120)
    auth = forms.CharField(max_length=40)
    name = forms.CharField(max_length=60, required=False)
    renews = forms.BooleanField(required=False)

    @property
    def keys(self) -> str:
        return f"{self.cleaned_data['p256dh']}.{self.cleaned_data['auth']}".replace("=", "")
