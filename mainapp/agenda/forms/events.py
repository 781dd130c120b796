"""The form of an event."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mainapp.agenda.models import Event
from mainapp.agenda.policies import MAX_PRICE, MAX_SEATS
from mainapp.agenda.rendering.times import zone_label
from mainapp.agenda.sessions import WALL, parse_time, zone_names
from mainapp.core.forms import TypedDecimalField, TypedIntegerField
from mainapp.core.names import is_plain_text


class WallInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def format_value(self, value: Any) -> str:
        return str(value or "")


class WallField(forms.CharField):
    """A wall time such as 2026-03-10T19:00, without a zone."""

    widget = WallInput(attrs={"class": "input"})

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        try:
            return parse_time(text).replace(tzinfo=None).strftime(WALL)
        except ValueError:
            raise ValidationError(_("Esta data não existe."), code="invalid") from None


def _text(
    label: Any, *, max_length: int, required: bool = False, **options: Any
) -> forms.CharField:
    widget = options.pop("widget", forms.TextInput(attrs={"class": "input"}))
    return forms.CharField(
        label=label, max_length=max_length, required=required, widget=widget, **options
    )


class EventForm(forms.Form):
    """A new or changed event; `clubs` are the clubs that the user manages."""

    club = forms.ChoiceField(label=_("Para quem"), required=False)
    kind = forms.ChoiceField(label=_("Tipo"), choices=Event.Kind.choices)
    title = _text(_("Título"), max_length=120, required=True)
    starts_at = WallField(label=_("Início"))
    ends_at = WallField(label=_("Fim"), required=False)
    is_all_day = forms.BooleanField(
        label=_("Dia inteiro"), required=False, help_text=_("As horas não contam.")
    )
    time_zone = forms.ChoiceField(
        label=_("Fuso horário do lugar"),
        help_text=_("Cada pessoa vê também a hora no próprio fuso."),
    )
    place = _text(_("Lugar"), max_length=200)
    link = forms.URLField(
        label=_("Link"),
        max_length=300,
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "input", "placeholder": "https://"}),
        help_text=_("Da transmissão ou da página do evento."),
    )
    seats = TypedIntegerField(
        label=_("Vagas"),
        required=False,
        min_value=1,
        max_value=MAX_SEATS,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "numeric"}),
        help_text=_("Vazio: sem limite."),
    )
    price = TypedDecimalField(
        label=_("Preço por vaga (R$)"),
        required=False,
        min_value=0,
        max_value=MAX_PRICE,
        max_digits=10,
        decimal_places=2,
        widget=forms.TextInput(attrs={"class": "input"}),
        help_text=_("Vazio: grátis. O pagamento é combinado fora do site."),
    )
    tags = _text(_("Etiquetas"), max_length=240, help_text=_("Até 8, separadas por vírgula."))
    description = _text(
        _("Descrição"),
        max_length=4000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 6}),
        help_text=_("Aceita **negrito**, listas, links e $PETR4."),
    )

    def __init__(self, data: Any = None, *, clubs: Any = (), event: Any = None, **options: Any):
        super().__init__(data, **options)
        self.fields["time_zone"].choices = zone_choices()  # type: ignore[attr-defined] # a ChoiceField
        if event is not None:
            del self.fields["club"]
        else:
            # Also without clubs: an event for a club of others must not become a public one.
            public = [("", _("Todos (público)"))]
            self.fields["club"].choices = [*public, *((c.slug, c.name) for c in clubs)]  # type: ignore[attr-defined]
        for name in ("club", "kind", "time_zone"):
            if name in self.fields:
                self.fields[name].widget.attrs["class"] = "select"
        if "club" in self.fields and not clubs:
            self.fields["club"].widget = forms.HiddenInput()
        self.fields["is_all_day"].widget.attrs["class"] = "check-input"

    def clean_price(self) -> Decimal:
        return self.cleaned_data["price"] or Decimal(0)

    def clean_description(self) -> str:
        text = self.cleaned_data["description"].replace("\r\n", "\n")
        if not is_plain_text(text):
            raise ValidationError(_("Há um caractere que não se pode mostrar."))
        return str(text)

    def clean_tags(self) -> list[str]:
        return [part.strip() for part in self.cleaned_data["tags"].split(",") if part.strip()]

    def values(self) -> dict[str, Any]:
        """Return the fields of the event, without its club."""
        values = dict(self.cleaned_data)
        values.pop("club", None)
        start, end = values.pop("starts_at"), values.pop("ends_at")
        if values["is_all_day"] and end:
            # The form has the last day; an event ends on the day after.
            day = date.fromisoformat(end[:10]) + timedelta(days=1)
            end = f"{day}T00:00"
        return values | {"wall_start": start, "wall_end": end}


def form_values(event: Event) -> dict[str, Any]:
    """Return the initial values of the form of an event."""
    end = event.wall_end
    if event.is_all_day and end:
        end = f"{date.fromisoformat(end[:10]) - timedelta(days=1)}T00:00"
    names = ("kind", "title", "is_all_day", "time_zone", "place", "link", "seats", "description")
    values = {name: getattr(event, name) for name in names}
    return values | {
        "starts_at": event.wall_start,
        "ends_at": end,
        "price": event.price or None,
        "tags": ", ".join(tag.name for tag in event.tags.all()),
    }


def zone_choices() -> list[tuple[Any, Any]]:
    """Return the zones by continent, those of Brazil first."""
    first = ["America/Sao_Paulo", "America/Manaus", "America/Rio_Branco", "America/Noronha"]
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zone_names().difference(first)):
        groups.setdefault(name.partition("/")[0], []).append((name, zone_label(name)))
    brazil = [(name, zone_label(name)) for name in first]
    return [(_("Brasil"), brazil), *groups.items()]
