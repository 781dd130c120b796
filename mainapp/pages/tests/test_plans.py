"""Query plans of every page, operation, socket and task, with big tables.

`make plans` runs it with a hundredth of the rows that `benchmarks/growth.py` measures. It takes
minutes and is not part of `make test`.
"""

import inspect
import os
import re
from http.cookies import SimpleCookie

import pytest
from asgiref.sync import sync_to_async
from celery import current_app
from django.db import connection, transaction
from django.urls import get_resolver
from django.utils import timezone

from conftest import flush_redis
from mainapp.accounts.models import User
from mainapp.core.policies import operation_policies, page_policies
from mainapp.core.realtime import queries
from mainapp.notifications.services.outbox import claim_due
from mainapp.pages.management.policies import routes
from tests.canary import ARGUMENT
from tests.club_bodies import request_arguments
from tests.club_requests import TOO_MANY, Browser
from tests.grown_database import BIG, PERSON, grow
from tests.query_plans import Plans

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "postgresql" or "PLANS_SCALE" not in os.environ,
        reason="plans of PostgreSQL: make plans",
    ),
    pytest.mark.timeout(300),
]
SCALE = float(os.environ.get("PLANS_SCALE", "0.01"))
SLUG = f"c{PERSON}"
VALUES = {
    "seq": "100",
    "size": "150",
    "symbol": "PETR4",
    "market": "IBOV",
    "format": "json",
    "room_name": "track",
    "slug": SLUG,
    "share_key": f"k{PERSON}",
    "key": f"k{PERSON}",
    "user_pk": str(PERSON + 1),
}
# An admin form, of another package, with a list of all issued tokens.
SKIPPED = {"admin/token_blacklist/blacklistedtoken/add/"}
# Accepted reads of many rows: place, table, reason.
KNOWN = [
    ("^get /admin/", ".*", "lists of the admin count and sort whole tables"),
    ("[?]q=", ".*", "a search compares the texts of everything that its reader may see"),
    ("^get /(forum|create-room|api/v1/rooms)/", ".*", "rooms are counted by topic"),
    ("^get (/ideias|/clube|/api/v1/ideas)/", ".*", "matching ideas are counted for the pages"),
    ("^get /api/v1/(events|courses)/", ".*", "past events are listed too, and counted"),
    ("^get /agenda/", "agenda_event", "as above; a feed has the events of a year"),
    (
        "^get .*notifications/",
        "notifications_notification",
        "walks by id if a person has many of all rows",
    ),
    ("^post /api/v1/ideas/.*/comments/", "accounts_user", "the people who may be mentioned"),
    ("^post /delete-room/", ".*", "every message of the room is deleted"),
    ("^post /export-data/", ".*", "an export has every row of a person"),
    ("^update_stock$", "market_candle", "today's candles, after quotes that contradict the last"),
    ("^(prune_log_ins|forget_complaint_copies|remove_deleted_clubs)$", ".*", "once a night"),
    ("^sweep_", ".*", "once an hour"),
]
# The person's rooms of the four kinds have ids that follow each other.
ROOMS = [PERSON, PERSON + 1, PERSON + 2, PERSON + 3]
QUERIES = ("", "?q=sala&busca=sala&query=sala&search=sala", f"?page=3&club={SLUG}&ordering=-return")


@pytest.fixture(scope="module")
def grown(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield grow(SCALE)
        transaction.set_rollback(True)


@pytest.fixture
def plans(db, grown):
    found = Plans(BIG)
    yield found
    new = [one for one in found.findings if reason_for(one) is None]
    assert not new, "\n".join(map(str, new))
    assert found.explained > 0


def reason_for(finding):
    return next(
        (
            reason
            for place, table, reason in KNOWN
            if re.search(place, finding.place) and re.fullmatch(table, finding.table)
        ),
        None,
    )


@pytest.fixture
def person(db, grown):
    return User.objects.get(pk=PERSON)


@pytest.fixture
def admin(db, grown):
    User.objects.filter(pk=PERSON + 50).update(access_level=User.Access.ADMIN, is_staff=True)
    return User.objects.get(pk=PERSON + 50)


class Visitor:
    """A person who requests every URL; each request is rolled back."""

    def __init__(self, plans, user):
        self.browser, self.plans = Browser(raise_request_exception=False), plans
        self.browser.force_login(user)
        self.answers = {}

    def request(self, name, method, path):
        cookies = SimpleCookie(self.browser.cookies)
        with transaction.atomic():
            with self.plans.at(f"{method} {path}"):
                answer = getattr(self.browser, method)(
                    path, **request_arguments(method, path, PERSON, SLUG)
                )
                if answer.streaming:
                    b"".join(answer)
            transaction.set_rollback(True)
        self.browser.cookies = cookies
        if answer.status_code == TOO_MANY:
            flush_redis()
        self.answers.setdefault((name, method), set()).add(answer.status_code)


def urls(*, is_admin=False):
    for path, pattern in routes(get_resolver().url_patterns, own_only=not is_admin):
        route = path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")
        is_wanted = is_admin == path.startswith("admin/") and "<path:object_id>" not in route
        if is_wanted and path not in SKIPPED:
            yield pattern.name or "", route


def addresses(route):
    """Yield the paths of a route: with the person's row, and with each kind of room."""
    names = {first or second for first, second in ARGUMENT.findall(route)}
    about_rooms = re.search("room|conversa|chat|message|forum", route)
    for pk in ROOMS if names & {"pk"} and about_rooms else [PERSON]:
        values = VALUES | {"pk": str(pk), "object_id": str(pk)}
        yield "/" + ARGUMENT.sub(lambda m: values.get(m[1] or m[2], "nothing"), route)  # noqa: B023


def methods(name):
    if name in page_policies():
        return sorted({method.lower() for method in page_policies()[name].methods} - {"head"})
    return sorted(operation_policies().get(name, ("get",)))


def test_pages_and_operations_read_few_rows(plans, person):
    visitor = Visitor(plans, person)
    for name, route in urls():
        for path in addresses(route):
            for method in methods(name):
                for query in QUERIES if method == "get" and "<" not in route else QUERIES[:1]:
                    visitor.request(name, method, path + query)

    answered = visitor.answers
    gets = [codes for (_name, method), codes in answered.items() if method == "get"]
    assert sum(200 in codes or 302 in codes for codes in gets) > 0.75 * len(gets)
    # The rows of uploads have no files.
    failed = {name for (name, _method), codes in answered.items() if 500 in codes}
    assert failed <= {"upload-file", "upload-thumbnail"}


def test_admin_pages_read_few_rows(plans, admin):
    visitor = Visitor(plans, admin)
    for name, route in urls(is_admin=True):
        for path in addresses(route):
            visitor.request(name, "get", path)
    assert sum(200 in codes for codes in visitor.answers.values()) > 40


def periodic_tasks():
    """Return the tasks that need no arguments.

    `deliver` sends from threads with connections of their own, which do not see these rows; its
    claim is tested by itself.
    """
    tasks = (task for task in current_app.tasks.values() if task.__module__.startswith("mainapp."))
    plain = [task for task in tasks if not _required(task.run) and task.name != "deliver"]
    return sorted(plain, key=lambda task: task.name)


def test_claims_of_deliveries_read_few_rows(plans, person):
    with plans.at("deliver"):
        assert len(claim_due(limit=20, at=timezone.now())) == 20


def _required(function):
    parameters = inspect.signature(function).parameters.values()
    return [one for one in parameters if one.default is one.empty]


def test_tasks_read_few_rows(plans, person):
    for task in periodic_tasks():
        with transaction.atomic():
            with plans.at(task.name):
                task.run()
            transaction.set_rollback(True)


SOCKETS = [
    "/ws/stock/track/?stockpicker=PETR4",
    *(f"/ws/room/{pk}/" for pk in ROOMS[:3]),  # the fourth is that of another club
    f"/ws/idea/{PERSON}/",
    f"/ws/club/{SLUG}/",
    "/ws/notifications/",
    "/ws/presence/",
]


def on_this_thread(function, **_options):
    return sync_to_async(function)


@pytest.fixture(params=SOCKETS)
def opened_path(request, plans, monkeypatch):
    """Return the path of a socket whose queries are explained.

    Sockets query in threads of their own, whose connections would not see these rows.
    """
    monkeypatch.setattr(queries, "database_sync_to_async", on_this_thread)
    with plans.at(request.param):
        yield request.param


async def test_sockets_read_few_rows(opened_path, person, websocket):
    async with websocket(opened_path, person) as socket:
        await socket.request({"type": "ping"})
