"""The dashboard's channel group, its message between processes, and the names of its values."""

from typing import Literal, TypedDict

DASHBOARD = "operations.dashboard"

# Sizes of tables, read in one query.
COUNTS = (
    "users_count",
    "rooms_count",
    "messages_count",
    "ideas_count",
    "events_count",
    "alerts_count",
    "firings_count",
    "reports_count",
    "complaints_count",
    "notifications_count",
    "outbox_depth",
)
# Read from Redis.
LIVE = ("online_count", "sockets_count", "feed", "sources", "batch_at")
# `about` and `at_least` name the counts that are not exact; `parts` has the state of each service.
FIELDS = (*COUNTS, *LIVE, "about", "at_least", "curves", "parts")
CURVES = ("sockets", "online", "messages", "firings", "outbox", "batch_age_s")


class DashboardRead(TypedDict):
    """A process has stored a new snapshot."""

    type: Literal["dashboard.read"]
    reader: str
