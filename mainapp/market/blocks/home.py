"""Blocks of the home page: the market today, and the user's list."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.core.blocks import Block
from mainapp.core.policies import MEMBERS
from mainapp.core.templatetags.formats import DAYS
from mainapp.market.selectors.boards import HomeBoard, current_lines, home_board
from mainapp.market.selectors.index_chart import INDEX_RANGES, index_chart
from mainapp.market.selectors.index_map import index_map

RANGE_NAMES = {
    "1d": gettext_lazy("1 d"),
    "5d": gettext_lazy("5 d"),
    "1mo": gettext_lazy("1 m"),
    "6mo": gettext_lazy("6 m"),
    "1y": gettext_lazy("1 a"),
    "5y": gettext_lazy("5 a"),
}
MONTHS = {"pt-br": "m/Y", "en": "M Y"}
MOMENTS = {**dict.fromkeys(("5d", "1mo", "6mo"), DAYS), **dict.fromkeys(("1y", "5y"), MONTHS)}
LIST_SIZE = 6


def today(*, request: HttpRequest) -> dict[str, Any]:
    """Return the index, its treemap and the rankings. Six queries."""
    at, board = timezone.now(), home_board()
    range_ = request.GET.get("range", "")
    if range_ not in INDEX_RANGES:
        range_ = "1d"
    return {
        "board": board,
        "boards": rankings(board),
        "chart": index_chart(range_=range_, quote=board.index, at=at),
        "label": _("Gráfico do Ibovespa, %(range)s") % {"range": RANGE_NAMES[range_]},
        "map": index_map(on=timezone.localdate(at)),
        "moment_format": moment_format(range_),
        "range": range_,
        "ranges": [(name, RANGE_NAMES[name], width) for name, width in INDEX_RANGES.items()],
    }


def moment_format(range_: str) -> str:
    """Return the format of the times below a chart, as `_momentText` of area-chart.js has it."""
    patterns = MOMENTS.get(range_, {})
    return patterns.get(get_language() or "", patterns.get("pt-br", "H:i"))


def rankings(board: HomeBoard) -> list[dict[str, Any]]:
    """Return the three lists with their titles and descriptions."""
    return [
        {
            "name": "gainers",
            "title": _("Maiores altas"),
            "note": _("no dia"),
            "rows": board.gainers,
            "empty": _("Nenhuma ação em alta agora."),
            "shows": "name",
        },
        {
            "name": "losers",
            "title": _("Maiores baixas"),
            "note": _("no dia"),
            "rows": board.losers,
            "empty": _("Nenhuma ação em baixa agora."),
            "shows": "name",
        },
        {
            "name": "traded",
            "title": _("Mais negociadas"),
            "note": _("em reais, hoje"),
            "rows": board.traded,
            "empty": _("Ainda sem negócios hoje."),
            "shows": "turnover",
        },
    ]


def own_list(*, request: MemberRequest) -> dict[str, Any]:
    """Return the first stocks of the user's current list. Three queries."""
    return {"own_list": current_lines(request.user, size=LIST_SIZE)}


BLOCKS = [
    Block(
        place="home",
        name="list",
        order=30,
        template="mainapp/market/home_list.html",
        context=own_list,
        who=MEMBERS,
    ),
    Block(
        place="home",
        name="today",
        order=60,
        template="mainapp/market/home_today.html",
        context=today,
    ),
]
