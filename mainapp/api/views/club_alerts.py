"""`clubs/{slug}/alerts/`: the alerts that members of a club share."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.alerts.models import SharedAlert
from mainapp.alerts.selectors.shared import SharedRow, shared_alerts, shared_rows
from mainapp.alerts.services.sharing import set_subscription, share_alert, unshare_alert
from mainapp.api.pagination import Pages
from mainapp.api.serializers.club_alerts import (
    ShareAlertInput,
    SharedAlertData,
    shared_alert_data,
)
from mainapp.api.serializers.common import NoFields
from mainapp.api.views.base import ApiView, valid
from mainapp.clubs.selectors.clubs import membership
from mainapp.core.paths import missing_as_404


class ClubAlertsView(ApiView):
    """The alerts of a club, and sharing one's own."""

    serializer_class = ShareAlertInput
    pagination_class = Pages

    @extend_schema(responses={200: SharedAlertData(many=True)})
    def get(self, request: Any, slug: str) -> Response:
        page: list[SharedAlert] = self.paginate_queryset(
            shared_alerts(_club_or_404(slug, request.user), request.user)
        )
        rows = _rows([row.pk for row in page], request.user)
        return self.get_paginated_response([shared_alert_data(row) for row in rows])

    @extend_schema(responses={201: SharedAlertData})
    def post(self, request: Any, slug: str) -> Response:
        club_pk = _club_or_404(slug, request.user)
        pk = valid(self.get_serializer(data=request.data))["alert"]
        shared = share_alert(club_pk=club_pk, actor=request.user, alert_pk=pk, at=timezone.now())
        return Response(shared_alert_data(_rows([shared.pk], request.user)[0]), 201)


class SharedAlertView(ApiView):
    """Take an alert out of a club, as its owner or a manager."""

    serializer_class = NoFields

    @extend_schema(responses={204: None})
    def delete(self, request: Any, slug: str, pk: int) -> Response:
        club_pk = _club_or_404(slug, request.user)
        unshare_alert(club_pk=club_pk, shared_pk=pk, actor=request.user)
        return Response(status=204)


class ReceiveSharedAlertView(ApiView):
    """Begin or end to receive a shared alert. Safe to repeat."""

    serializer_class = NoFields

    @extend_schema(responses={204: None})
    def post(self, request: Any, slug: str, pk: int) -> Response:
        valid(self.get_serializer(data=request.data))
        return _set(slug, pk, request.user, is_on=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Any, slug: str, pk: int) -> Response:
        return _set(slug, pk, request.user, is_on=False)


def _set(slug: str, pk: int, user: Any, *, is_on: bool) -> Response:
    club_pk = _club_or_404(slug, user)
    set_subscription(club_pk=club_pk, shared_pk=pk, user=user, is_on=is_on, at=timezone.now())
    return Response(status=204)


def _club_or_404(slug: str, user: Any) -> int:
    with missing_as_404():
        return membership(slug, user).club_id


def _rows(pks: list[int], user: Any) -> list[SharedRow]:
    shared = SharedAlert.objects.visible_to(user).filter(pk__in=pks)
    return shared_rows(shared.order_by("alert__ativo__symbol", "pk"), user, at=timezone.now())
