"""Private rooms full of canaries: no outsider finds one anywhere, whatever they request."""

import logging
import sys

import pytest
from django.core import mail

from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Delivery, Notification
from mainapp.uploads.models import Upload
from tests.canary import (
    BAIT,
    CANARY,
    OUTSIDERS,
    QUERIES,
    World,
    addresses,
    has_canary,
    join,
    make_world,
    normal,
    rolled_back,
    text_of,
    texts_in_redis,
)

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
UNSAFE = ("post", "put", "patch", "delete")
LIMITS = (
    "API_REQUESTS_A_MINUTE_ADDRESS",
    "API_REQUESTS_A_MINUTE_USER",
    "PAGES_A_MINUTE_ADDRESS",
    "PAGES_A_MINUTE_USER",
    "UPLOADS_A_DAY",
)


@pytest.fixture(autouse=True)
def _environment(settings, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    settings.MEDIA_ROOT = tmp_path
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    for name in LIMITS:
        setattr(settings, name, 1_000_000)


@pytest.fixture
def world(db) -> World:
    for symbol in ("PETR4", "IBOV"):
        StockFactory(symbol=symbol)
    return make_world()


class Run:
    """The requests of one person, and where they found a canary or a difference."""

    def __init__(self, world, person):
        self.browser, self.person = world.browser(person), person
        self.requests, self.found, self.differing = 0, [], []

    def ask(self, method, address):
        self.requests += 1
        cookies = self.browser.cookies.copy()
        with rolled_back():
            response = getattr(self.browser, method)(address, **SENT.get(method, {}))
            text = text_of(response)
        self.browser.cookies = cookies  # also after a log-out
        if has_canary(text):
            self.found.append(f"{method} {address} ({response.status_code})")
        assert response.status_code != 500, (self.person, method, address)
        return normal(response, text)

    def read_everything(self, world):
        missing = {}
        is_admin = self.person == "admin"
        for address, nowhere in addresses(world.private_ids, world.users["beto"], admin=is_admin):
            answer = self.ask("get", address)
            if nowhere == address:
                self.ask("get", f"{address}?{QUERIES}")
                continue
            if nowhere not in missing:
                missing[nowhere] = self.ask("get", nowhere)
            # The admin says which id is missing.
            if answer != missing[nowhere] and not address.startswith("/admin/"):
                self.differing.append(address)
        if is_admin:  # the pages of people name what belongs to them
            ids = [world.users[name].pk for name in ("ana", "former")]
            for address, _nowhere in addresses(ids, world.users["beto"], admin=True):
                if address.startswith("/admin/"):
                    self.ask("get", address)

    def write_everywhere(self, world):
        ids = world.private_ids[1:2]
        for address, _nowhere in addresses(ids, world.users["beto"], admin=False):
            for method in UNSAFE:
                self.ask(method, address)


SENT = {method: {"data": {}, "content_type": "application/json"} for method in UNSAFE}


@pytest.mark.parametrize("person", OUTSIDERS)
def test_no_page_operation_export_or_admin_page_has_a_canary(person, world, capsys):
    run = Run(world, person)
    run.read_everything(world)
    run.write_everywhere(world)

    with capsys.disabled():
        sys.stdout.write(f"{person}: {run.requests} requests, {len(run.found)} with a canary\n")
    assert run.found == []
    assert run.differing == []


def test_the_same_requests_find_canaries_for_a_participant(world):
    """Check the run itself: a new participant finds later canaries in each place."""
    join(world, "stranger")
    run = Run(world, "stranger")
    run.read_everything(world)
    run.write_everywhere(world)

    found = " ".join(run.found)
    room, upload = world.rooms[0].pk, Upload.objects.latest("pk").pk
    for place in (
        f"get /room/{room}/",
        "get /api/v1/chats/",
        f"get /api/v1/rooms/{room}/messages/",
        f"get /uploads/{upload}/",
        "post /export-data/",
    ):
        assert place in found, run.found
    assert f"get /room/{world.rooms[1].pk}/" not in found


def test_no_log_mail_notice_or_key_of_redis_has_a_canary(world, caplog):
    outsiders = [world.users[name] for name in OUTSIDERS[1:]]
    notices = Notification.objects.filter(user__in=outsiders)
    letters = Delivery.objects.exclude(user=world.users["beto"])

    assert [n.title for n in notices if has_canary(f"{n.title} {n.body}".encode())] == []
    assert [d.subject for d in letters if has_canary(f"{d.subject} {d.text}".encode())] == []
    assert [m.subject for m in mail.outbox if has_canary(str(m.message()).encode())] == []
    assert CANARY not in caplog.text.lower()
    assert [text for text in texts_in_redis() if has_canary(text)] == []
    assert Delivery.objects.filter(user=world.users["beto"]).exists()  # there was something to send


def test_a_failing_request_logs_no_text_of_a_private_room(world, caplog, monkeypatch):
    def fail(**_fields):
        raise RuntimeError("broken")

    monkeypatch.setattr("mainapp.forum.services.messages.Message.objects.create", fail)
    browser, room = world.browser("ana"), world.rooms[0].pk
    page = browser.post(f"/room/{room}/", {"body": BAIT})
    call = browser.post(
        f"/api/v1/rooms/{room}/messages/", {"body": BAIT}, content_type="application/json"
    )

    assert (page.status_code, call.status_code) == (500, 500)
    assert "broken" in caplog.text
    assert CANARY not in caplog.text.lower()
    assert [m.subject for m in mail.outbox if has_canary(str(m.message()).encode())] == []
