"""The context of `_market_status.html`."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from mainapp.market import sessions


def market_state() -> dict[str, Any]:
    at = timezone.now()
    return {
        "session": "open" if settings.SIMULATED else sessions.session(at),
        "last_close": sessions.last_close(at),
        "newest_at": None,
    }
