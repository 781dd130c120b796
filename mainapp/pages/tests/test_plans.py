"""Query plans of every page, operation, socket and task, with big tables.

`make plans` runs it with a hundredth of the rows that `benchmarks/growth.py` measures, which takes
minutes. `make unit-postgresql` explains those of sockets and tasks, with few thousand rows a table.
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
from mainapp.core import database
from mainapp.core.policies import operation_policies, page_policies
from mainapp.core.realtime import queries
from mainapp.market.models import LastQuote
from mainapp.market.services.updating import update_watched
from mainapp.notifications.services.outbox import claim_due
from mainapp.pages.management.policies import routes
from tests.canary import ARGUMENT
from tests.club_bodies import request_arguments
from tests.club_requests import TOO_MANY, Browser
from tests.grown_database import BIG, PERSON, grow
from tests.query_plans import Plans

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans of PostgreSQL"),
    pytest.mark.timeout(1800),
]
SCALE = float(os.environ.get("PLANS_SCALE", "0"))
of_pages = pytest.mark.skipif(not SCALE, reason="takes minutes: make plans")
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
# The second and the third query of QUERIES.
SEARCH = "?q=sala&busca=sala&query=sala&search=sala"
PAGED = f"?page=3&club={SLUG}&ordering=-return"
# Lists of the admin, and the tables that they count and sort whole.
ADMIN_LISTS = {
    "account/emailaddress": "account_emailaddress",
    "token_blacklist/outstandingtoken": "token_blacklist_outstandingtoken",
    "token_blacklist/blacklistedtoken": "token_blacklist_blacklistedtoken",
    "core/auditentry": "core_auditentry",
    "accounts/user": "accounts_user",
    "notifications/delivery": "notifications_delivery",
    "notifications/notification": "notifications_notification",
    "moderation/case": "accounts_user moderation_case",
    "moderation/complaint": "accounts_user moderation_case moderation_complaint",
    "moderation/logentry": "accounts_user moderation_logentry",
    "clubs/club": "clubs_club clubs_clubmember",
    "portfolio/carteira": "portfolio_carteira",
    "forum/participant": "accounts_user forum_participant",
    "forum/message": "forum_message",
    "ideas/idea": "accounts_user ideas_idea",
    "ideas/ideacomment": "ideas_idea ideas_ideacomment",
}
# Reads of many rows that are accepted: place, tables, reason. A statement that several places share
# is found at the first of them.
KNOWN = [
    *(
        (f"get /admin/{name}/", tables, "the admin counts and sorts whole lists")
        for name, tables in ADMIN_LISTS.items()
    ),
    (
        "get /notifications/",
        "notifications_notification",
        "the newest of all are read until a page is full",
    ),
    (
        f"get /notifications/{PAGED}",
        "notifications_notification",
        "the newest of all are read until a page is full",
    ),
    ("get /clube/c500/", "ideas_idea", "ideas are counted"),
    (
        f"get /conversas/{SEARCH}",
        "forum_message forum_participant forum_room",
        "texts are compared, by no index",
    ),
    (f"get /conversas/nova/{SEARCH}", "accounts_user", "names and texts are compared, by no index"),
    ("get /forum/", "forum_room", "rooms are counted by topic"),
    (f"get /forum/{SEARCH}", "forum_room", "texts are compared, by no index"),
    (f"get /forum/{PAGED}", "forum_room", "rooms are counted by topic"),
    ("post /delete-room/500/", "forum_message", "every message of the room is deleted"),
    ("get /ideias/", "accounts_user ideas_idea", "ideas are counted"),
    (f"get /ideias/{SEARCH}", "ideas_idea", "texts are compared, by no index"),
    (f"get /ideias/{PAGED}", "ideas_idea", "ideas are counted"),
    ("get /agenda/k500/agenda.ics", "agenda_event", "a feed has the events of a year"),
    (
        f"get /buscar/{SEARCH}",
        "accounts_user agenda_event forum_message forum_participant forum_room ideas_idea",
        "texts are compared, by no index",
    ),
    ("get /api/v1/rooms/", "forum_room", "rooms are counted by topic"),
    (f"get /api/v1/rooms/{SEARCH}", "forum_room", "texts are compared, by no index"),
    ("get /api/v1/ideas/", "accounts_user ideas_idea", "ideas are counted"),
    ("get /api/v1/events/", "agenda_event", "past events are counted"),
    (f"get /api/v1/events/{SEARCH}", "agenda_event", "texts are compared, by no index"),
    ("get /api/v1/courses/", "agenda_event", "past events are counted"),
    (f"get /api/v1/courses/{SEARCH}", "agenda_event", "texts are compared, by no index"),
    (
        "get /api/v1/notifications/",
        "notifications_notification",
        "the newest of all are read until a page is full",
    ),
    ("forget_complaint_copies", "moderation_case", "once a night"),
    ("prune_log_ins", "token_blacklist_outstandingtoken", "once a night"),
    ("remove_deleted_clubs", "clubs_club", "once a night"),
    ("sample_instance", "alerts_firing forum_message", "new rows are counted, to 10,001"),
    ("sweep_pictures", "accounts_user clubs_club", "once an hour"),
    (
        "/ws/notifications/",
        "notifications_notification",
        "the newest of all are read until a page is full",
    ),
]
# The person's rooms of the four kinds have ids that follow each other.
ROOMS = [PERSON, PERSON + 1, PERSON + 2, PERSON + 3]
QUERIES = ("", SEARCH, PAGED)
# The exceptions that a run has used, and the tests that looked for findings.
used: set[tuple[str, str]] = set()
looked: set[str] = set()


@pytest.fixture(autouse=True)
def _no_time_limit(monkeypatch):
    """Each statement runs three times, on a machine that may be busy: no request is too slow."""
    monkeypatch.setattr(database, "REQUEST_S", 1800.0)


@pytest.fixture(scope="module")
def grown(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield grow(SCALE)
        transaction.set_rollback(True)


@pytest.fixture
def plans(db, grown, request):
    found = Plans(BIG)
    yield found
    known = {(place, table) for place, tables, _reason in KNOWN for table in tables.split()}
    looked.add(request.node.name)
    used.update((one.place, one.table) for one in found.findings)
    new = [one for one in found.findings if (one.place, one.table) not in known]
    assert not new, "\n".join(map(str, new))
    assert found.explained > 0


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


@of_pages
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


@of_pages
def test_admin_pages_read_few_rows(plans, admin):
    visitor = Visitor(plans, admin)
    for name, route in urls(is_admin=True):
        for path in addresses(route):
            visitor.request(name, "get", path)
    assert sum(200 in codes for codes in visitor.answers.values()) > 40


def periodic_tasks():
    """Return the tasks that need no arguments, without those of tests.

    `deliver` sends from threads with connections of their own, which do not see these rows; its
    claim is tested by itself.
    """
    tasks = [
        task
        for task in current_app.tasks.values()
        if task.__module__.startswith("mainapp.") and ".tests." not in task.__module__
    ]
    plain = [task for task in tasks if not _required(task.run) and task.name != "deliver"]
    return sorted(plain, key=lambda task: task.name)


def test_claims_of_deliveries_read_few_rows(plans, person):
    with plans.at("deliver"):
        assert len(claim_due(limit=20, at=timezone.now())) == 20


def _required(function):
    parameters = inspect.signature(function).parameters.values()
    return [one for one in parameters if one.default is one.empty]


def test_tasks_read_few_rows(plans, person):
    # The batch continues real quotes: for a price far from the last one it deletes a day's candles.
    LastQuote.objects.all().delete()
    assert update_watched(at=timezone.now(), at_once=True)
    flush_redis()
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


def test_every_exception_is_still_needed(grown):
    """The last test: it needs the findings of all others."""
    if len(looked) < 4 + len(SOCKETS):
        pytest.skip("a part of the tests ran")
    listed = {(place, table) for place, tables, _reason in KNOWN for table in tables.split()}
    assert sorted(listed - used) == []
