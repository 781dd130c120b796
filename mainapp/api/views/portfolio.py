"""`carteira/`: the user's holdings."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.portfolio import (
    ClubPortfolioData,
    HoldingData,
    HoldingInput,
    Portfolio,
    Totals,
)
from mainapp.api.views.base import ApiView, valid
from mainapp.clubs.selectors.clubs import membership
from mainapp.core.paths import get_owned_or_404, missing_as_404
from mainapp.forum.selectors.messages import person_of
from mainapp.market.selectors.quotes import last_quotes
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors.club import club_portfolio
from mainapp.portfolio.selectors.holdings import holding_of, own_rows, valuation_of
from mainapp.portfolio.services import create_row, delete_row, update_row
from mainapp.portfolio.valuation import value_rows

PAGE = [OpenApiParameter(name, OpenApiTypes.INT) for name in ("page", "page_size")]


class CarteiraView(ApiView):
    """The user's holdings, and adding one."""

    serializer_class = HoldingInput
    pagination_class = Pages

    @extend_schema(operation_id="carteira_list", parameters=PAGE, responses={200: Portfolio})
    def get(self, request: Any) -> Response:
        valuation = valuation_of(request.user)
        page = self.paginate_queryset(valuation.rows)
        response: Response = self.get_paginated_response(HoldingData(page, many=True).data)
        response.data["totals"] = Totals(valuation).data
        return response

    @extend_schema(responses={201: HoldingData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        return Response(_holding_data(create_row(owner=request.user, **data)), 201)


class HoldingView(ApiView):
    """One row of the user's carteira."""

    serializer_class = HoldingInput

    @extend_schema(responses={200: HoldingData})
    def get(self, request: Any, pk: int) -> Response:
        return Response(_holding_data(get_owned_or_404(own_rows(request.user), pk)))

    @extend_schema(responses={200: HoldingData})
    def patch(self, request: Any, pk: int) -> Response:
        row = get_owned_or_404(own_rows(request.user), pk)
        data = valid(self.get_serializer(row, data=request.data, partial=True))
        names = ("preco_medio", "quantidade", "nota")
        update_row(row=row, **{name: data.get(name, getattr(row, name)) for name in names})
        return Response(_holding_data(get_owned_or_404(own_rows(request.user), pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        delete_row(row=get_owned_or_404(own_rows(request.user), pk))
        return Response(status=204)


class ClubCarteiraView(ApiView):
    """The percents of the carteiras that members of a club show, and their mean."""

    @extend_schema(responses={200: ClubPortfolioData})
    def get(self, request: Any, slug: str) -> Response:
        with missing_as_404():
            member = membership(slug, request.user)
        portfolio = club_portfolio(member.club_id)
        people = [
            {"user": person_of(each.user), "shares": each.shares} for each in portfolio.members
        ]
        data = {"mean": portfolio.mean, "missing": portfolio.missing, "members": people}
        return Response(ClubPortfolioData(data).data)


def _holding_data(row: Carteira) -> Any:
    holding = holding_of(row)
    valuation = value_rows([holding], last_quotes([holding.symbol]))
    return HoldingData(valuation.rows[0]).data
