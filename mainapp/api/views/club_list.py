"""`clubs/{slug}/list/`: the stocks that a club follows together."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.api.serializers.club_list import ClubListChange, ClubListData
from mainapp.api.views.base import ApiView, valid
from mainapp.api.views.clubs import managed_or_403, own_or_404
from mainapp.clubs.selectors.audience import CLUB
from mainapp.core.audience import key_of
from mainapp.market.models import Watchlist
from mainapp.market.selectors.watchlists import list_of_audience, symbols_of
from mainapp.market.services.watchlists import create_shared_list, edit_list


class ClubListView(ApiView):
    """The list of a club, which its managers change."""

    serializer_class = ClubListChange

    @extend_schema(responses={200: ClubListData})
    def get(self, request: Any, slug: str) -> Response:
        watchlist = list_of_audience(key_of(CLUB, own_or_404(slug, request.user).club_id))
        return Response(_data(watchlist, symbols_of(watchlist) if watchlist else ()))

    @extend_schema(responses={200: ClubListData})
    def patch(self, request: Any, slug: str) -> Response:
        club = managed_or_403(slug, request.user).club
        change = valid(self.get_serializer(data=request.data))
        watchlist = create_shared_list(audience=key_of(CLUB, club.pk), name=club.name)
        edited = edit_list(watchlist=watchlist, **change)
        return Response(_data(watchlist, edited.symbols, edited.unknown))


def _data(
    watchlist: Watchlist | None, symbols: Sequence[str], unknown: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "id": watchlist.pk if watchlist else None,
        "name": watchlist.name if watchlist else "",
        "symbols": symbols,
        "unknown": unknown,
    }
