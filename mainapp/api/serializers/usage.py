"""Serializer of quotas and their usage."""

from rest_framework import serializers


class QuotaData(serializers.Serializer):
    kind = serializers.CharField(source="kind.name")
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    resets_at = serializers.DateTimeField(allow_null=True)
