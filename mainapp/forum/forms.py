"""Forms of the forum's pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mainapp.core.names import title
from mainapp.core.paths import MAX_KEY, parse_key
from mainapp.core.rendering import MAX_BODY
from mainapp.core.search import MAX_TEXT_LENGTH, clean_text
from mainapp.forum.models import Room
from mainapp.forum.policies import EMOJI, MAX_GROUP, clean_body
from mainapp.forum.selectors.messages import MAX_SEQ
from mainapp.market.forms import StockInput
from mainapp.market.models import Stock
from mainapp.market.selectors.watchlists import stocks_named


class ForumQuery(forms.Form):
    """The query string of the room list; an invalid field counts as empty."""

    q = forms.CharField(required=False, max_length=60)
    topic = forms.CharField(required=False, max_length=40)
    page = forms.CharField(required=False)

    def query(self) -> dict[str, Any]:
        self.is_valid()
        return {
            "words": self.cleaned_data.get("q") or "",
            "topic": self.cleaned_data.get("topic") or "",
            "number": self.cleaned_data.get("page") or "",
        }


class ConversationQuery(forms.Form):
    """The query string of the list of private rooms; an invalid field counts as empty."""

    q = forms.CharField(required=False, max_length=MAX_TEXT_LENGTH)
    page = forms.CharField(required=False)

    def query(self) -> dict[str, str]:
        self.is_valid()
        return {
            "text": self.cleaned_data.get("q") or "",
            "number": self.cleaned_data.get("page") or "",
        }


class PeopleForm(forms.Form):
    """The people chosen for a private room (`com`), its name, and words to find others.

    `is_search` is true if the search button was pressed.
    """

    q = forms.CharField(required=False, max_length=MAX_TEXT_LENGTH)
    name = forms.CharField(
        label=_("Nome do grupo"),
        required=False,
        max_length=80,
        help_text=_("Opcional. Com um nome, ou com mais de uma pessoa, vira um grupo."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.ids = [key for text in data.getlist("com")[:MAX_GROUP] if (key := parse_key(text))]
        self.text = clean_text(data.get("q", "").replace("\0", ""))  # PostgreSQL refuses it
        self.is_search = "buscar" in data


class ConversationMuteForm(forms.Form):
    """The number of hours for which a room sends no notifications; 0 is for ever."""

    HOURS = (("1", _("1 hora")), ("8", _("8 horas")), ("168", _("1 semana")), ("0", _("Sempre")))

    hours = forms.TypedChoiceField(choices=HOURS, coerce=int)


class PersonForm(forms.Form):
    """A user of a room."""

    user = forms.IntegerField(min_value=1, max_value=MAX_KEY)


class RoomForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    stock = forms.CharField(
        label=_("Ativo"),
        required=False,
        max_length=12,
        help_text=_("O código na B3, como PETR4: o preço dele aparece no alto da sala."),
        widget=StockInput,
    )

    class Meta:
        model = Room
        fields = ["name", "description", "topic", "stock"]
        labels = {"name": _("Nome"), "description": _("Descrição"), "topic": _("Tópico")}
        help_texts = {"topic": _("Uma ou duas palavras, como Dividendos: agrupa as salas.")}
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "topic": forms.TextInput(attrs={"list": "topics", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.stock:
            self.initial["stock"] = self.instance.stock.symbol
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "input"
            if self.is_bound and name in self.errors:
                field.widget.attrs["aria-invalid"] = "true"

    def clean_name(self) -> str:
        return _clean_line(self.cleaned_data["name"], _("Dê um nome à sala."))

    def clean_description(self) -> str:
        return clean_body(self.cleaned_data["description"])

    def clean_topic(self) -> str:
        topic: str = self.cleaned_data["topic"]
        return _clean_line(topic, _("Este tópico é inválido.")) if topic else ""

    def clean_stock(self) -> Stock | None:
        text: str = self.cleaned_data["stock"]
        if not text:
            return None
        if stock := stocks_named([text.lstrip("$")]).get(text.lstrip("$")):
            return stock
        raise ValidationError(_("Não conhecemos: %(symbol)s."), params={"symbol": text})


class MessageForm(forms.Form):
    """A message's text, with a picture or a file, sent without JavaScript."""

    # Longer than MAX_BODY: `post_message` checks the length after trimming, and reports it.
    body = forms.CharField(
        label=_("Mensagem"),
        required=False,
        strip=False,
        max_length=MAX_BODY + 1000,
        widget=forms.Textarea(
            attrs={"class": "input", "rows": 4, "maxlength": MAX_BODY, "required": True}
        ),
    )
    file = forms.FileField(required=False, max_length=1000)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=MAX_SEQ)


class ReactionForm(forms.Form):
    """A reaction to a message, and whether it is added."""

    emoji = forms.ChoiceField(choices=[(emoji, emoji) for emoji in EMOJI])
    on = forms.BooleanField(required=False)


class FilterForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = Room
        fields = ["filtered_words"]
        labels = {"filtered_words": _("Palavras barradas")}
        widgets = {"filtered_words": forms.Textarea(attrs={"class": "input", "rows": 4})}
        help_texts = {
            "filtered_words": _(
                "Uma palavra ou expressão por linha. Mensagens que as contêm não são aceitas. "
                "Acentos e maiúsculas não fazem diferença."
            )
        }


class MuteForm(forms.Form):
    """The user to mute or unmute."""

    # SQLite's driver fails on a larger number.
    user = forms.IntegerField(min_value=1, max_value=MAX_KEY)
    muted = forms.BooleanField(required=False)


def _clean_line(text: str, error: Any) -> str:
    """Return the text as one line without hidden characters. Raises: ValidationError if empty."""
    line = title(text)
    if not line:
        raise ValidationError(error)
    return line
