"""Forms of ideas and comments, and the filters of the list, for its page and the API."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.selectors import account_named
from mainapp.clubs.models import Club
from mainapp.core.forms import NumberFilter, TypedDecimalField
from mainapp.core.paths import parse_key
from mainapp.core.prices import MOST_PLACES
from mainapp.core.rendering import MAX_BODY
from mainapp.ideas.models import Idea, SavedFilter
from mainapp.ideas.policies import MAX_COMMENT
from mainapp.market.forms import StockInput
from mainapp.market.models import Stock
from mainapp.market.selectors.catalogue import catalogue
from mainapp.market.selectors.folded import in_search_text
from mainapp.market.symbols import fold

MAX_COUNT = 1_000_000
ORDERINGS = {
    "-created_at": _("Mais novas"),
    "created_at": _("Mais antigas"),
    "-comments_count": _("Mais comentadas"),
    "comments_count": _("Menos comentadas"),
    "-return": _("Melhor resultado"),
    "return": _("Pior resultado"),
}


class StockField(forms.CharField):
    """The ticker of an active stock; a former code is replaced by the current one."""

    widget = StockInput

    def clean(self, value: Any) -> Stock:
        symbol = catalogue().canonical(super().clean(value))
        stock = Stock.objects.filter(symbol=symbol, is_active=True).first() if symbol else None
        if stock is None:
            raise ValidationError(_("Não conhecemos este ativo."), code="invalid")
        return stock


class TagsField(forms.CharField):
    """Tags separated by commas."""

    def clean(self, value: Any) -> list[str]:
        return [tag.strip() for tag in super().clean(value).split(",") if tag.strip()]


def _price_field(label: Any) -> TypedDecimalField:
    """Return a field for a price; the service checks its places, which are the stock's."""
    return TypedDecimalField(
        label=label,
        required=False,
        min_value=Decimal(1).scaleb(-MOST_PLACES),
        decimal_places=MOST_PLACES,
        max_digits=18,
    )


class IdeaForm(forms.Form):
    """A new idea, or an edited one, without the stock and the club."""

    stock = StockField(label=_("Ativo"), max_length=12)
    club = forms.ModelChoiceField(
        Club.objects.none(), label=_("Para quem"), required=False, empty_label=_("Todo mundo")
    )
    side = forms.ChoiceField(
        label=_("Lado"),
        choices=[(side, capfirst(side.label)) for side in Idea.Side],
        initial=Idea.Side.BUY,
    )
    target = _price_field(_("Alvo"))
    stop = _price_field(_("Stop"))
    horizon = forms.DateField(
        label=_("Prazo"),
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
        help_text=_("O último dia em que a ideia vale."),
    )
    thesis = forms.CharField(
        label=_("Tese"),
        max_length=MAX_BODY,
        widget=forms.Textarea(attrs={"rows": 8, "class": "input"}),
        help_text=_("O porquê da ideia. Aceita Markdown; $PETR4 mostra o preço."),
    )
    tags = TagsField(
        label=_("Etiquetas"), required=False, help_text=_("Até cinco, separadas por vírgulas.")
    )

    def __init__(
        self, *args: Any, user: Any, idea: Idea | None = None, at: datetime, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["club"].queryset = Club.objects.visible_to(user)  # type: ignore[attr-defined] # of a ModelChoiceField
        self.fields["club"].label_from_instance = lambda club: club.name  # type: ignore[attr-defined]
        if not self.fields["club"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["club"]
        if idea is not None:
            self._restrict(idea, at)

    def _restrict(self, idea: Idea, at: datetime) -> None:
        removed = ["stock", "club"]
        if idea.are_terms_frozen(at=at):
            removed += ["side", "target", "stop", "horizon"]
        for name in removed:
            self.fields.pop(name, None)


class CommentForm(forms.Form):
    body = forms.CharField(
        label=_("Comentário"),
        max_length=MAX_COMMENT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class FilterNameForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = SavedFilter
        fields = ["name"]


class _Words(django_filters.CharFilter):
    """Rows whose search text has all words, without regard to case and accents."""

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.filter(in_search_text(value or ""))


class _Author(django_filters.CharFilter):
    """Ideas of a user, by id or name."""

    def filter(self, qs: Any, value: Any) -> Any:
        if not value:
            return qs
        pk = parse_key(value)
        if pk is not None:
            return qs.filter(author=pk)
        return qs.filter(author=account_named(value), author__isnull=False)


class _Tags(django_filters.CharFilter):
    """Ideas with any of some tags, by id or name, separated by commas."""

    def filter(self, qs: Any, value: Any) -> Any:
        texts = [text.strip().lstrip("#") for text in (value or "").split(",") if text.strip()]
        if not texts:
            return qs
        keys = [key for text in texts if (key := parse_key(text)) is not None]
        wanted = Q(tag__in=keys) | Q(tag__key__in=[fold(text) for text in texts])
        rows = Idea.tags.through.objects.filter(wanted, idea=OuterRef("pk"))
        return qs.filter(Exists(rows))


class _Stock(django_filters.CharFilter):
    """Ideas on a ticker; a former code is replaced by the current one."""

    def filter(self, qs: Any, value: Any) -> Any:
        if not value:
            return qs
        symbol = catalogue().canonical(value) or value.upper()
        return qs.filter(stock__symbol=symbol)


class _Ordering(django_filters.OrderingFilter):
    """An order; ideas without a return come last."""

    def filter(self, qs: Any, value: Any) -> Any:
        name = value[0] if value else "-created_at"
        field = F("result" if name.endswith("return") else name.lstrip("-"))
        order = field.desc(nulls_last=True) if name[0] == "-" else field.asc(nulls_last=True)
        return qs.order_by(order, "-pk")


class IdeaFilter(django_filters.FilterSet):
    """The filters of ideas. The caller applies `club` to the rows before, with `in_club`."""

    q = _Words(label=_("Palavras"), max_length=60)
    author = _Author(label=_("Autor"), max_length=150)
    tags = _Tags(label=_("Etiquetas"), max_length=200)
    stock = _Stock(label=_("Ativo"), max_length=12)
    sector = django_filters.CharFilter(field_name="stock__sector", label=_("Setor"), max_length=80)
    side = django_filters.ChoiceFilter(label=_("Lado"), choices=Idea.Side, empty_label=_("Todos"))
    status = django_filters.ChoiceFilter(
        label=_("Situação"), choices=Idea.Status, empty_label=_("Todas")
    )
    min_comments = NumberFilter(
        field_name="comments_count",
        lookup_expr="gte",
        label=_("Mínimo de comentários"),
        min_value=0,
        max_value=MAX_COUNT,
    )
    created_from = django_filters.DateFilter(
        field_name="created_at", lookup_expr="date__gte", label=_("Desde")
    )
    created_to = django_filters.DateFilter(
        field_name="created_at", lookup_expr="date__lte", label=_("Até")
    )
    return_min = NumberFilter(
        field_name="result",
        lookup_expr="gte",
        label=_("Resultado desde (%)"),
        min_value=-1_000_000,
        max_value=1_000_000,
    )
    return_max = NumberFilter(
        field_name="result",
        lookup_expr="lte",
        label=_("Resultado até (%)"),
        min_value=-1_000_000,
        max_value=1_000_000,
    )
    ordering = _Ordering(
        label=_("Ordem"),
        choices=list(ORDERINGS.items()),
        empty_label=None,
    )

    class Meta:
        model = Idea
        fields: list[str] = []


class BookFilter(IdeaFilter):
    """The filters of other services' books: words of the `title`, an exact `comments_count`."""

    title = _Words(max_length=60)
    comments_count = NumberFilter(min_value=0, max_value=MAX_COUNT)
