"""`alerts/`: the user's alerts and their firings."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.alerts.models import Alert, Firing
from mainapp.alerts.selectors.alerts import alerts_of, own_alerts, status_filter
from mainapp.alerts.services.addresses import request_address
from mainapp.alerts.services.alerts import (
    create_alert,
    delete_alert,
    delete_alerts,
    pause_alert,
    resume_alert,
    update_alert,
)
from mainapp.alerts.services.switching import switch_alert
from mainapp.api.pagination import Pages
from mainapp.api.serializers.alerts import (
    AlertData,
    AlertInput,
    AlertQuery,
    FiringData,
    alert_data,
)
from mainapp.api.serializers.common import Counted
from mainapp.api.views.base import ApiView, valid
from mainapp.core.paths import get_owned_or_404


def _create(view: ApiView, request: Any) -> Response:
    """Create an alert; an address other than the account's is sent a confirmation link."""
    fields = valid(view.get_serializer(data=request.data))
    at = timezone.now()
    is_active = fields.pop("is_active", True)
    with transaction.atomic():
        alert = create_alert(
            owner=request.user,
            fields=fields,
            quote_kind=settings.QUOTE_KIND,
            at=at,
            is_active=is_active,
        )
        request_address(owner=request.user, email=alert.email, at=at)
    return Response(alert_data(alert, at=at), 201)


def _own(request: Any, pk: int) -> Alert:
    return get_owned_or_404(own_alerts(request.user), pk)


def _delete(request: Any, pk: int) -> Response:
    delete_alert(alert=_own(request, pk))
    return Response(status=204)


class AlertsView(ApiView):
    """The user's alerts, and creating one."""

    serializer_class = AlertInput
    pagination_class = Pages

    @extend_schema(parameters=[AlertQuery], responses={200: AlertData(many=True)})
    def get(self, request: Any) -> Response:
        query, at = valid(AlertQuery(data=request.query_params)), timezone.now()
        alerts = alerts_of(request.user).select_related("ativo")
        if "symbol" in query:
            alerts = alerts.filter(ativo=query["symbol"])
        if "state" in query:
            alerts = alerts.filter(status_filter(at)[query["state"]])
        ordering = query["ordering"].replace("symbol", "ativo__symbol")
        page: list[Alert] = self.paginate_queryset(alerts.order_by(ordering, "pk"))
        return self.get_paginated_response([alert_data(alert, at=at) for alert in page])

    @extend_schema(responses={201: AlertData})
    def post(self, request: Any) -> Response:
        return _create(self, request)


class CreateAlertView(ApiView):
    """Create an alert; the same as posting to `alerts/`."""

    serializer_class = AlertInput

    @extend_schema(responses={201: AlertData})
    def post(self, request: Any) -> Response:
        return _create(self, request)


class AlertView(ApiView):
    """One of the user's alerts."""

    serializer_class = AlertInput

    @extend_schema(responses={200: AlertData})
    def get(self, request: Any, pk: int) -> Response:
        return Response(alert_data(_own(request, pk), at=timezone.now()))

    @extend_schema(responses={200: AlertData})
    def put(self, request: Any, pk: int) -> Response:
        """Replace an alert: absent fields get their defaults."""
        return self._change(request, pk, is_partial=False)

    @extend_schema(responses={200: AlertData})
    def patch(self, request: Any, pk: int) -> Response:
        return self._change(request, pk, is_partial=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        return _delete(request, pk)

    def _change(self, request: Any, pk: int, *, is_partial: bool) -> Response:
        alert = _own(request, pk)
        fields = valid(self.get_serializer(alert, data=request.data, partial=is_partial))
        at, is_active = timezone.now(), fields.pop("is_active", None)
        with transaction.atomic():
            changed = update_alert(alert=alert, fields=fields, at=at)
            if is_active is not None:
                changed = switch_alert(alert=changed, is_active=is_active, at=at)
            request_address(owner=request.user, email=changed.email, at=at)
        return Response(alert_data(changed, at=at))


class DeleteAlertView(ApiView):
    """Delete an alert; the same as `DELETE alerts/{id}/`."""

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        return _delete(request, pk)


class DeleteAlertsView(ApiView):
    """Delete all of the user's alerts."""

    serializer_class = Counted

    @extend_schema(responses={200: Counted})
    def delete(self, request: Any) -> Response:
        count = delete_alerts(owner=request.user, quote_kind=settings.QUOTE_KIND)
        return Response({"count": count})

    @extend_schema(request=None, responses={200: Counted})
    def post(self, request: Any) -> Response:
        return self.delete(request)


class PauseAlertView(ApiView):
    """Pause an active alert; any other stays as it is."""

    serializer_class = AlertData

    @extend_schema(request=None, responses={200: AlertData})
    def post(self, request: Any, pk: int) -> Response:
        pause_alert(alert=_own(request, pk))
        return Response(alert_data(_own(request, pk), at=timezone.now()))


class ResumeAlertView(ApiView):
    """Make a paused, spent or expired alert active again."""

    serializer_class = AlertData

    @extend_schema(request=None, responses={200: AlertData})
    def post(self, request: Any, pk: int) -> Response:
        at = timezone.now()
        return Response(alert_data(resume_alert(alert=_own(request, pk), at=at), at=at))


class FiringsView(ApiView):
    """The firings of an alert, the newest first."""

    serializer_class = FiringData
    pagination_class = Pages

    @extend_schema(responses={200: FiringData(many=True)})
    def get(self, request: Any, pk: int) -> Response:
        alert = _own(request, pk)
        page = self.paginate_queryset(Firing.objects.filter(alert=alert))
        return self.get_paginated_response(FiringData(page, many=True).data)
