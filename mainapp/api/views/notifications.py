"""`notifications/`: one's inbox."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.notifications import InboxQuery, NotificationData
from mainapp.api.views.base import ApiView, valid
from mainapp.core.paths import get_owned_or_404
from mainapp.notifications.selectors.inbox import inbox_of, item
from mainapp.notifications.services.inbox import delete_notifications, mark_read


class NotificationsView(ApiView):
    """One's notifications."""

    serializer_class = NotificationData
    pagination_class = Pages

    @extend_schema(parameters=[InboxQuery], responses={200: NotificationData(many=True)})
    def get(self, request: Any) -> Response:
        query = valid(InboxQuery(data=request.query_params))
        found = inbox_of(request.user).order_by(query["ordering"])
        if query["unread"] is not None:
            found = found.filter(is_read=not query["unread"])
        page: list[Any] = self.paginate_queryset(found)
        return self.get_paginated_response([item(one, is_read=one.is_read) for one in page])


class NotificationView(ApiView):
    """One of one's notifications."""

    serializer_class = NotificationData

    @extend_schema(responses={200: NotificationData})
    def get(self, request: Any, pk: int) -> Response:
        found: Any = get_owned_or_404(inbox_of(request.user), pk)
        return Response(item(found, is_read=found.is_read))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        found = get_owned_or_404(inbox_of(request.user), pk)
        delete_notifications(user=request.user, ids=[found.pk], at=timezone.now())
        return Response(status=204)


class ReadNotificationView(ApiView):
    """Mark one as read."""

    serializer_class = NotificationData

    @extend_schema(request=None, responses={200: NotificationData})
    def post(self, request: Any, pk: int) -> Response:
        found = get_owned_or_404(inbox_of(request.user), pk)
        mark_read(user=request.user, ids=[found.pk], at=timezone.now())
        return Response(item(found, is_read=True))
