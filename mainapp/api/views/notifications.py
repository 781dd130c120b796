"""`notifications/`: the user's inbox."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.notifications import (
    InboxQuery,
    NotificationData,
    ReadInput,
    notification_data,
)
from mainapp.api.views.base import ApiView, valid
from mainapp.core.paths import get_owned_or_404
from mainapp.notifications.selectors.inbox import inbox_of
from mainapp.notifications.services.inbox import delete_notifications, mark_read


class NotificationsView(ApiView):
    """The user's notifications."""

    serializer_class = NotificationData
    pagination_class = Pages

    @extend_schema(parameters=[InboxQuery], responses={200: NotificationData(many=True)})
    def get(self, request: Any) -> Response:
        query = valid(InboxQuery(data=request.query_params))
        inbox = inbox_of(request.user).order_by(query["ordering"])
        if query["unread"] is not None:
            inbox = inbox.filter(is_read=not query["unread"])
        if query["read"] is not None:
            inbox = inbox.filter(is_read=query["read"])
        if "obj_code" in query:
            inbox = inbox.filter(user__isnull=query["obj_code"] == "platform")
        if "obj_id" in query:
            inbox = inbox.filter(user=query["obj_id"])
        page: list[Any] = self.paginate_queryset(inbox)
        data = [notification_data(row, is_read=row.is_read) for row in page]
        return self.get_paginated_response(data)


class NotificationView(ApiView):
    """One of the user's notifications."""

    serializer_class = NotificationData

    @extend_schema(responses={200: NotificationData})
    def get(self, request: Any, pk: int) -> Response:
        notification: Any = get_owned_or_404(inbox_of(request.user), pk)
        return Response(notification_data(notification, is_read=notification.is_read))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        notification = get_owned_or_404(inbox_of(request.user), pk)
        delete_notifications(user=request.user, ids=[notification.pk], at=timezone.now())
        return Response(status=204)


class ReadNotificationView(ApiView):
    """Mark a notification as read."""

    serializer_class = ReadInput

    @extend_schema(responses={200: NotificationData})
    def post(self, request: Any, pk: int) -> Response:
        notification = get_owned_or_404(inbox_of(request.user), pk)
        valid(self.get_serializer(notification, data=request.data))
        mark_read(user=request.user, ids=[notification.pk], at=timezone.now())
        return Response(notification_data(notification, is_read=True))

    @extend_schema(responses={200: NotificationData})
    def patch(self, request: Any, pk: int) -> Response:
        return self.post(request, pk)
