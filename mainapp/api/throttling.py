"""Limits of requests per minute of one address and of one user, shared by all processes."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache

from mainapp.api.policies import WINDOW_S, network_of


class Window:
    """One minute of requests of one address or user; open while Redis is away."""

    def __init__(self, kind: str, who: str, limit: int) -> None:
        now = time.time()
        self.limit = limit
        self.reset_s = max(1, int(WINDOW_S - now % WINDOW_S))
        key = f"api:{kind}:{who}:{int(now // WINDOW_S)}"
        cache.add(key, 0, WINDOW_S + 1)
        try:
            self.used = cache.incr(key)
        except ValueError:
            self.used = 1

    @property
    def is_full(self) -> bool:
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """Return the RateLimit headers, in the form of one number each."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset_s),
            "RateLimit-Policy": f"{self.limit};w={WINDOW_S}",
        }


def of_address(request: Any) -> Window:
    """Count a request by its network, whoever the user is."""
    place = network_of(request.META.get("REMOTE_ADDR", ""))
    return Window("address", place, settings.API_REQUESTS_A_MINUTE_ADDRESS)


def of_user(user: Any) -> Window:
    return Window("user", str(user.pk), settings.API_REQUESTS_A_MINUTE_USER)
