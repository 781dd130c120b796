"""Isolation of user-written text in pages, so that its direction moves nothing outside it."""

import re
from html.parser import HTMLParser

import pytest
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert
from mainapp.core.policies import page_policies
from mainapp.forum.models import Message, Participant, Room
from mainapp.market.models import Watchlist
from mainapp.market.tests.factories import WatchlistFactory
from mainapp.moderation.models import Case, Complaint, LogEntry
from mainapp.notifications.models import Broadcast, Channel, Delivery, Notification
from mainapp.notifications.tests.factories import delivery, notice
from mainapp.pages.tests.test_policies import address, can, rolled_back
from mainapp.pages.tests.world import make_world

pytestmark = pytest.mark.database_independent

MARK = "zqx"
TEXT = f"\u202e{MARK}"  # RIGHT-TO-LEFT OVERRIDE, which texts older than the rule may contain
PAGES = {name: page for name, page in page_policies().items() if "GET" in page.methods}
READ_ALOUD = {"title", "aria-label", "alt", "placeholder"}
# Their content is shown in a separate control, or not at all.
OPAQUE = {"textarea", "script", "style", "option", "template"}
VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
    *("track", "wbr"),
}


class IsolationChecker(HTMLParser):
    """Collects the places where MARK is not isolated from the surrounding text."""

    def __init__(self):
        super().__init__()
        self.open, self.unprotected, self.seen = [], [], 0

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in READ_ALOUD and MARK in (value or ""):
                self.note(f"{tag}[{name}]", is_isolated=is_isolated_in_plain_text(value))
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("dir") == "auto"))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if MARK in data:
            tags = [tag for tag, _is_auto in self.open]
            isolated = OPAQUE & {*tags} or "bdi" in tags or any(auto for _tag, auto in self.open)
            if tags[-1] == "title":
                isolated = is_isolated_in_plain_text(data)
            self.note(" ".join(tags[-3:]), is_isolated=isolated)

    def note(self, place, *, is_isolated):
        self.seen += 1
        if not is_isolated:
            self.unprotected.append(place)


def is_isolated_in_plain_text(text):
    """Return whether the mark is between isolating characters, and without the override."""
    return re.search(f"\u2068{MARK}\\d*\u2069", text) is not None


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        made, now = make_world(), timezone.now()
        owner, host = made.users["owner"], made.users["host"]
        notice(owner)
        delivery(user=owner)
        WatchlistFactory(owner=owner)
        Participant.objects.create(room=made.room, user=made.users["other"], joined_at=now)
        LogEntry.objects.create(
            scope=f"room:{made.room.pk}", actor=host, target=owner, action="mute", done_at=now
        )
        yield made


def plant():
    """Write TEXT into every column that users can fill."""
    User.objects.update(display_name=TEXT, bio=TEXT, suspension_reason=TEXT)
    Room.objects.update(name=TEXT, topic=TEXT, description=TEXT)
    Message.objects.update(body=TEXT, body_html=f"<p>{TEXT}</p>")
    Complaint.objects.update(reason=TEXT)
    lines = [{"text": TEXT, "name": TEXT, "author": None, "is_reported": True}]
    Case.objects.update(place=TEXT, copies=[{"at": "2026-03-10T15:00:00+00:00", "lines": lines}])
    LogEntry.objects.update(place=TEXT, detail=TEXT)
    # Unique for each user.
    Watchlist.objects.update(name=Concat(Value(TEXT), Cast("pk", CharField())))
    Alert.objects.update(note=TEXT)
    Notification.objects.update(title=TEXT, body=TEXT)
    Broadcast.objects.update(title=TEXT, body=TEXT)
    Channel.objects.update(address=TEXT)
    Delivery.objects.update(subject=TEXT, address=TEXT)


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_texts_of_users_are_isolated(name, world):
    people = [person for person in ("owner", "host", "admin") if can(PAGES[name], person)]
    for person in people[: 1 if not PAGES[name].of else None]:
        checker = IsolationChecker()
        with rolled_back():
            path = address(world, name)
            plant()
            answer = world.browser(person).get(path, {"q": TEXT[1:], "topic": TEXT[1:]})
            body = b"".join(answer)  # closes the file of a download
            if answer["Content-Type"].startswith("text/html"):
                checker.feed(body.decode())
        assert checker.unprotected == [], person


def test_checker_reports_text_that_is_not_isolated():
    checker = IsolationChecker()
    checker.feed(f'<p title="{MARK}">{MARK}<bdi>{MARK}</bdi><b dir="auto"><i>{MARK}</i></b></p>')

    assert (checker.unprotected, checker.seen) == (["p[title]", "p"], 4)
