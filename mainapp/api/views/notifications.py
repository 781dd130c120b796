"""`notifications/`: the user's inbox."""

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
    """The user's notifications."""

    serializer_class = NotificationData
    pagination_class = Pages

    @extend_schema(parameters=[InboxQuery], responses={200: NotificationData(many=True)})
    def get(self, request: Any) -> Response:
        query = valid(InboxQuery(data=request.query_params))
        notification = inbox_of(request.user).order_by(query["ordering"])
        if query["unread"] is not None:
            notification = notification.filter(is_read=not query["unread"])
        page: list[Any] = self.paginate_queryset(notification)
        return self.get_paginated_response([item(each, is_read=each.is_read) for each in page])


class NotificationView(ApiView):
    """One of the user's notifications."""

    serializer_class = NotificationData

    @extend_schema(responses={200: NotificationData})
    def get(self, request: Any, pk: int) -> Response:
        notification: Any = get_owned_or_404(inbox_of(request.user), pk)
        return Response(item(notification, is_read=notification.is_read))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        notification = get_owned_or_404(inbox_of(request.user), pk)
        delete_notifications(user=request.user, ids=[notification.pk], at=timezone.now())
        return Response(status=204)


class ReadNotificationView(ApiView):
    """Mark a notification as read."""

    serializer_class = NotificationData

    @extend_schema(request=None, responses={200: NotificationData})
    def post(self, request: Any, pk: int) -> Response:
        notification = get_owned_or_404(inbox_of(request.user), pk)
        mark_read(user=request.user, ids=[notification.pk], at=timezone.now())
        return Response(item(notification, is_read=True))
