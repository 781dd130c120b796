"""Report of a user's ideas, each with its outcome and that of the index."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.core.prices import trimmed
from mainapp.ideas.models import Idea
from mainapp.operations.selectors.reports.kind import Column, Kind, choice_text

SIDES, STATUSES = dict(Idea.Side.choices), dict(Idea.Status.choices)


class Ideas(Kind):
    name = "ideas"
    label = _("Minhas ideias")
    columns = (
        Column(_("Ideia")),
        Column(_("Clube")),
        Column(_("Ativo")),
        Column(_("Lado")),
        Column(_("Situação")),
        Column(_("Preço na publicação")),
        Column(_("Alvo")),
        Column(_("Stop")),
        Column(_("Preço no fim")),
        Column(_("Resultado (%)")),
        Column(_("Índice (%)")),
        Column(_("Prazo")),
        Column(_("Publicada em"), is_time=True),
        Column(_("Encerrada em"), is_time=True),
        Column(_("Tese")),
    )

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        own = Idea.objects.visible_to(user).filter(author=user, deleted_at=None)
        return own.filter(quote_kind=settings.QUOTE_KIND).values_list(
            *("pk", "club__name", "stock__symbol", "side", "status"),
            *("price_at", "target", "stop", "close_price"),
            *("return_pct", "index_pct", "horizon", "created_at", "closed_at", "thesis"),
        )

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        pk, club, symbol, side, status, *others = row
        prices = (None if price is None else trimmed(price) for price in others[:4])
        texts = (choice_text(SIDES, side), choice_text(STATUSES, status))
        return (pk, club, symbol, *texts, *prices, *others[4:])
