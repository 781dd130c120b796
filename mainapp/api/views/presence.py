"""`online-users/`: the people online, as in the first frame of `ws/presence/`."""

from typing import Any

import redis
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.accounts.selectors.presence import people_online
from mainapp.api.serializers.accounts import OnlineData
from mainapp.api.views.base import ApiView
from mainapp.core.database import RETRY_AFTER_S
from mainapp.core.exceptions import DomainError


class OnlineUsersView(ApiView):
    """The people whom the user sees online."""

    serializer_class = OnlineData

    @extend_schema(responses={200: OnlineData})
    def get(self, request: Any) -> Response:
        try:
            people, count = people_online(request.user)
        except redis.RedisError:
            raise DomainError("unavailable", retry_after_s=RETRY_AFTER_S) from None
        now = timezone.now()
        online = [
            {"id": p.id, "name": p.name, "avatar": p.avatar, "last_seen": now} for p in people
        ]
        return Response(OnlineData({"online": online, "count": count}).data)
