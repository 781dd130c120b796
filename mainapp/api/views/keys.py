"""`keys/`: the user's API keys. Keys themselves may not use these operations."""

from typing import Any

from allauth.core import ratelimit
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.selectors.keys import keys_of
from mainapp.api.serializers.keys import KeyData, KeyInput, NewKeyData
from mainapp.api.services.keys import create_key, revoke_key
from mainapp.api.views.base import WAIT_S, ApiView, valid
from mainapp.core.paths import get_owned_or_404


class KeysView(ApiView):
    """The user's API keys, and creating one."""

    accepts_key = False
    serializer_class = KeyInput
    pagination_class = Pages

    @extend_schema(responses={200: KeyData(many=True)})
    def get(self, request: Any) -> Response:
        page = self.paginate_queryset(keys_of(request.user))
        return self.get_paginated_response(KeyData(page, many=True).data)

    @extend_schema(responses={201: NewKeyData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        if not ratelimit.consume(request._request, action="reauthenticate", user=request.user):
            raise Throttled(wait=WAIT_S)
        if not request.user.check_password(data["password"]):
            raise ValidationError({"password": [_("A senha não confere.")]})
        key, secret = create_key(
            user=request.user,
            name=data["name"],
            scopes=data["scopes"],
            days=data["expires_in_days"],
            at=timezone.now(),
        )
        key.key = secret  # type: ignore[attr-defined] # for its serializer
        return Response(NewKeyData(key).data, 201)


class KeyView(ApiView):
    """One of the user's API keys."""

    serializer_class = KeyData

    @extend_schema(responses={200: KeyData})
    def get(self, request: Any, pk: int) -> Response:
        return Response(KeyData(get_owned_or_404(keys_of(request.user), pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        """Revoke a key: the next request with it is refused."""
        revoke_key(key=get_owned_or_404(keys_of(request.user), pk))
        return Response(status=204)
