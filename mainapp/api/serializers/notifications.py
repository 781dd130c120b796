"""Notifications."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.api.serializers.common import Strict
from mainapp.notifications.models import Notification
from mainapp.notifications.selectors.inbox import item

RECIPIENTS = ("platform", "user")


class InboxQuery(serializers.Serializer):
    """Filter and order of the user's notifications; the newest first by default.

    `read` is the opposite of `unread`; `obj_code` selects those to everybody or to the user alone.
    """

    unread = serializers.BooleanField(required=False, allow_null=True, default=None)
    read = serializers.BooleanField(required=False, allow_null=True, default=None)
    obj_code = serializers.ChoiceField(choices=RECIPIENTS, required=False)
    obj_id = serializers.IntegerField(required=False)
    ordering = serializers.ChoiceField(choices=["-id", "id"], default="-id")


class NotificationData(serializers.Serializer):
    """A notification as the socket sends it; `read`, `obj_code` and `obj_id` say the same again.

    `obj_id` is the user's id, null for a notification to everybody.
    """

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField()
    created_at = serializers.DateTimeField()
    is_read = serializers.BooleanField()
    is_platform = serializers.BooleanField()
    read = serializers.BooleanField()
    obj_code = serializers.ChoiceField(choices=RECIPIENTS)
    obj_id = serializers.IntegerField(allow_null=True)


class ReadInput(Strict):
    """Nothing, or a notification with `read` or `is_read` true."""

    read = serializers.BooleanField(required=False)
    is_read = serializers.BooleanField(required=False)

    def current_values(self) -> Mapping[str, Any]:
        return notification_data(self.instance, is_read=False) if self.instance else {}

    def validate(self, attrs: Any) -> Any:
        false = [name for name, value in attrs.items() if not value]
        if false:
            message = _("Uma notificação lida continua lida.")
            raise serializers.ValidationError({name: [message] for name in false})
        return attrs


def notification_data(notification: Notification, *, is_read: bool) -> dict[str, Any]:
    """Return a notification in the form of `NotificationData`."""
    return {
        **item(notification, is_read=is_read),
        "read": is_read,
        "obj_code": "platform" if notification.is_platform else "user",
        "obj_id": notification.user_id,
    }
