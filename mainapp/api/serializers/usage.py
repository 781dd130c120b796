"""Serializer of quotas and their usage."""

from rest_framework import serializers

from mainapp.api.formats import Moment


class QuotaData(serializers.Serializer):
    kind = serializers.CharField(source="kind.name")
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    resets_at = Moment(allow_null=True)
