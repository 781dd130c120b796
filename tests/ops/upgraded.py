"""Prints what a database that was upgraded from the first version contains, as JSON."""

import json

import django

django.setup()

from django.contrib.admin.models import LogEntry  # noqa: E402 - after the setup
from django.contrib.auth import get_user  # noqa: E402 - the same
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402 - the same
from django.contrib.sessions.models import Session  # noqa: E402 - the same
from django.http import HttpRequest  # noqa: E402 - the same
from django.test import Client  # noqa: E402 - the same
from django_celery_beat.models import PeriodicTask  # noqa: E402 - the same

from mainapp.accounts.models import User  # noqa: E402 - the same
from mainapp.market.models import Candle, LastQuote, RejectedQuotes, Watchlist  # noqa: E402

PAGES = ("/", "/stocktracker", "/stockpicker/IBOV", "/alerts/", "/carteira", "/forum/")
PASSWORD = "senha-da-ana-2026"


def user_of(session: Session) -> str:
    """Return the user whose log-in a session has."""
    request = HttpRequest()
    request.session = SessionStore(session.session_key)
    return str(get_user(request))


def pages() -> dict[str, int]:
    client = Client(SERVER_NAME="localhost")
    client.post("/login/", {"login": "ana", "password": PASSWORD})
    return {path: client.get(path).status_code for path in PAGES}


def rows() -> dict[str, object]:
    candles = Candle.objects.order_by("kind", "interval", "starts_at")
    lists = Watchlist.objects.order_by("pk")
    ana = User.objects.get(username="ana")
    return {
        "users": list(User.objects.order_by("pk").values_list("username", "email", "is_active")),
        "passwords": [
            user.check_password("senha-da-ana-2026") for user in User.objects.order_by("pk")
        ],
        "groups": [ana.groups.get().name, ana.user_permissions.count()],
        "sessions": sorted(map(user_of, Session.objects.all())),
        "admin log": list(LogEntry.objects.values_list("object_repr", "action_flag")),
        "quotes": list(
            LastQuote.objects.order_by("stock__symbol", "kind").values_list(
                "stock__symbol", "kind", "price", "source", "quoted_at"
            )
        ),
        "candles": [
            (row.kind, row.interval, row.close, row.volume, row.starts_at) for row in candles
        ],
        "refusals": list(RejectedQuotes.objects.values_list("source", "reason", "count")),
        "lists": [
            (
                row.name,
                row.share_key,
                row.is_current,
                [i.stock.symbol for i in row.items.all()],
            )
            for row in lists
        ],
        "own tasks": sorted(
            PeriodicTask.objects.filter(name__startswith="own ").values_list("name", flat=True)
        ),
        "pages": pages(),
    }


print(json.dumps(rows(), default=str))  # noqa: T201 - for the test
