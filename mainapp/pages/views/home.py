"""The home page, with the live board of the IBOV."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.market import sessions
from mainapp.market.selectors.boards import HomeBoard, home_board


def home(request: HttpRequest) -> HttpResponse:
    board, at = home_board(), timezone.now()
    context = {
        "board": board,
        "boards": _boards(board),
        "session": "open" if settings.SIMULATED else sessions.session(at),
        "last_close": sessions.last_close(at),
    }
    return render(request, "mainapp/pages/home.html", context)


def _boards(board: HomeBoard) -> list[dict[str, object]]:
    """Return the three lists with their titles and descriptions."""
    return [
        {
            "name": "traded",
            "title": _("Mais negociadas"),
            "note": _("em reais, hoje"),
            "rows": board.traded,
            "empty": _("Ainda sem negócios hoje."),
        },
        {
            "name": "gainers",
            "title": _("Maiores altas"),
            "note": _("no dia"),
            "rows": board.gainers,
            "empty": _("Nenhuma ação em alta agora."),
        },
        {
            "name": "losers",
            "title": _("Maiores baixas"),
            "note": _("no dia"),
            "rows": board.losers,
            "empty": _("Nenhuma ação em baixa agora."),
        },
    ]
