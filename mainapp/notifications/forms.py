"""What people type: channels, codes, notices to everybody."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mainapp.notifications.models import Broadcast, Channel


class ChannelForm(forms.Form):
    """A new channel; the transport of its kind says whether the address will do."""

    kind = forms.ChoiceField(label=_("Tipo"), choices=Channel.Kind)
    address = forms.CharField(
        label=_("Endereço"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Um e-mail, um endereço https:// ou um serviço: tgram://, discord://, slack://, "
            "pover:// ou ntfy://."
        ),
    )


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
