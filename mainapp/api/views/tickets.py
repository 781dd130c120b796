"""`ws-ticket/`: access to the sockets for clients that are not pages of this site."""

from typing import Any

import redis
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mainapp.accounts import tickets
from mainapp.api.services.tokens import session_key_of
from mainapp.api.views.base import ApiView
from mainapp.core.exceptions import DomainError
from mainapp.core.middleware import TICKET


class TicketData(serializers.Serializer):
    """Offer `subprotocol` in one handshake within `expires_in_s`."""

    ticket = serializers.CharField()
    subprotocol = serializers.CharField()
    expires_in_s = serializers.IntegerField()


class TicketView(ApiView):
    """Create a ticket for one socket; it ends with the log-in that created it."""

    accepts_key = False
    serializer_class = TicketData

    @extend_schema(request=None, responses={201: TicketData})
    def post(self, request: Any) -> Response:
        # A bearer's ticket belongs to the token's log-in, whatever cookies come with it.
        token, session = request.auth, request._request.session
        try:
            value = tickets.issue(session_key_of(token) if token else session.session_key)
        except redis.RedisError:
            raise DomainError("unavailable") from None
        data = {
            "ticket": value,
            "subprotocol": f"{TICKET}{value}",
            "expires_in_s": tickets.LIFE_S,
        }
        return Response(data, 201)
