"""Notifications."""

from rest_framework import serializers


class InboxQuery(serializers.Serializer):
    """Filter and order of the user's notifications; the newest first by default."""

    unread = serializers.BooleanField(required=False, allow_null=True, default=None)
    ordering = serializers.ChoiceField(choices=["-id", "id"], default="-id")


class NotificationData(serializers.Serializer):
    """A notification as the socket sends it."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField()
    created_at = serializers.DateTimeField()
    is_read = serializers.BooleanField()
    is_platform = serializers.BooleanField()
