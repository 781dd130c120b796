"""The root of the API."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mainapp.api.views.base import ApiView


class Index(serializers.Serializer):
    """Addresses of the API's schema and documentation."""

    schema = serializers.CharField()
    docs = serializers.CharField()


class IndexView(ApiView):
    """The addresses of the API's schema and documentation."""

    serializer_class = Index

    @extend_schema(responses={200: Index})
    def get(self, request: Any) -> Response:
        return Response({"schema": reverse("api-schema"), "docs": reverse("api-docs")})
