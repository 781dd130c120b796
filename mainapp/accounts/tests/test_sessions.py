"""The session list: devices, last activity, ending one or all other sessions."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from channels.db import database_sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.names import device_name
from mainapp.accounts.selectors.sessions import NO_ADDRESS, place_of, sessions_of
from mainapp.accounts.services.log_ins import prune_log_ins
from mainapp.accounts.services.sessions import end_other_sessions, end_session, record_session
from mainapp.accounts.tests.people import log_in
from mainapp.core import redis
from mainapp.core.addresses import masked_address
from mainapp.core.consumers import SESSION_ENDED
from mainapp.core.limits import redis_store
from mainapp.core.models import AuditEntry
from mainapp.core.tests.migrating import migrated_to

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)
NOON = datetime(2026, 3, 10, 15, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def browser(user_agent=FIREFOX, address="203.0.113.7"):
    client = Client(REMOTE_ADDR=address, headers={"user-agent": user_agent})
    log_in(client)
    return client


def key_of(client):
    return client.cookies["sessionid"].value


def row_of(client):
    return UserSession.objects.get(session_key=key_of(client))


def is_logged_in(client):
    return client.get("/carteira").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox · Linux"),
        (PHONE, "Chrome · Android"),
        (f"{PHONE} Edg/140.0", "Edge · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari · iPhone"),
        ("curl/8.5.0", "curl"),
        ("\x00<script>", ""),
    ],
)
def test_devices_have_short_names(user_agent, name):
    assert device_name(user_agent) == name


@pytest.mark.parametrize(
    ("address", "masked", "shown"),
    [
        ("203.0.113.7", "203.0.113.0", "203.0.113.x"),
        ("::ffff:203.0.113.7", "203.0.113.0", "203.0.113.x"),
        ("2001:db8:1:2::3", "2001:db8:1::", "2001:db8:1::…"),
        ("fe80::1%eth0", "fe80::", "fe80::…"),
        ("", NO_ADDRESS, "endereço desconhecido"),
        ("unix", NO_ADDRESS, "endereço desconhecido"),
    ],
)
def test_addresses_are_stored_and_shown_without_their_last_part(address, masked, shown):
    assert masked_address(address) == masked
    assert place_of(masked) == shown


def test_the_list_has_each_log_in_with_the_current_one_first(alice):
    here, phone = browser(), browser(PHONE, "2001:db8:1:2::3")

    rows = sessions_of(alice, current_key=key_of(here))

    assert [(row.device, row.place, row.is_current, row.is_api) for row in rows] == [
        ("Firefox · Linux", "203.0.113.x", True, False),
        ("Chrome · Android", "2001:db8:1::…", False, False),
    ]
    page = here.get("/accounts/sessions/").content.decode()
    assert re.findall(r"<p><strong>(.*?)</strong>", page) == ["Firefox · Linux", "Chrome · Android"]
    assert key_of(phone) not in page


def test_the_address_comes_from_trusted_proxies_only(alice):
    client = Client(REMOTE_ADDR="203.0.113.7", headers={"x-forwarded-for": "198.51.100.1"})
    log_in(client)
    assert row_of(client).ip == "203.0.113.0"


def test_a_client_behind_a_unix_socket_has_no_address(alice):
    assert row_of(browser(address="")).ip == NO_ADDRESS


def test_one_of_ones_sessions_is_ended(alice):
    here, phone = browser(), browser(PHONE)

    answer = here.post(f"/accounts/sessions/{row_of(phone).pk}/end/")

    assert answer.url == "/accounts/sessions/"
    assert (is_logged_in(here), is_logged_in(phone)) == (True, False)
    assert [row.device for row in sessions_of(alice, current_key=None)] == ["Firefox · Linux"]


def test_ending_the_current_session_leads_to_the_log_in(alice):
    here = browser()
    assert here.post(f"/accounts/sessions/{row_of(here).pk}/end/").url == "/login/"
    assert not is_logged_in(here)


def test_another_users_session_cannot_be_ended(alice):
    User.objects.create_user("bob", password="um-segredo-longo")
    here, bob = browser(), Client()
    log_in(bob, "bob")

    assert bob.post(f"/accounts/sessions/{row_of(here).pk}/end/").status_code == 404
    with pytest.raises(UserSession.DoesNotExist):
        end_session(user=User.objects.get(username="bob"), pk=row_of(here).pk)
    assert is_logged_in(here)


def test_all_other_sessions_are_ended_and_the_current_one_stays(alice):
    here, others = browser(), [browser(PHONE) for _number in range(3)]

    page = here.post("/accounts/sessions/end-others/", follow=True).content.decode()

    assert "3 sessões encerradas." in page
    assert [is_logged_in(client) for client in (here, *others)] == [True, False, False, False]


@pytest.mark.parametrize("path", ["end one", "end others", "log out", "store", "queryset"])
def test_every_way_to_delete_a_session_removes_its_row_and_leaves_an_entry(alice, path):
    here, other = browser(), browser(PHONE)
    row, key = row_of(other), key_of(other)
    {
        "end one": lambda: end_session(user=alice, pk=row.pk),
        "end others": lambda: end_other_sessions(user=alice, session_key=key_of(here)),
        "log out": lambda: other.post("/logout/"),
        "store": lambda: other.session.delete(),
        "queryset": lambda: Session.objects.filter(session_key=key).delete(),
    }[path]()

    assert list(UserSession.objects.values_list("session_key", flat=True)) == [key_of(here)]
    [entry] = AuditEntry.objects.filter(model="usersessions.usersession")
    assert (entry.action, entry.key, entry.changes) == (
        "deleted", str(row.pk), {"user": [alice.pk, None]}
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["end one", "end others"])
async def test_ending_a_session_closes_its_sockets_and_no_others(websocket, path):
    alice = await User.objects.acreate(username="alice")
    async with (
        websocket("/ws/presence/", alice) as first,
        websocket("/ws/presence/", alice) as second,
    ):
        keys = [
            key async for key in UserSession.objects.order_by("pk").values_list("pk", flat=True)
        ]
        assert len(keys) == 2
        row = await UserSession.objects.aget(pk=keys[1])
        if path == "end one":
            await database_sync_to_async(end_session)(user=alice, pk=keys[0])
        else:
            end = database_sync_to_async(end_other_sessions)
            await end(user=alice, session_key=row.session_key)

        assert await first.closed(timeout=1) == SESSION_ENDED
        await second.send({"type": "ping"})
        assert await second.next("pong")


def test_a_session_writes_at_most_once_a_minute(alice, queries, time_machine):
    time_machine.move_to(NOON, tick=False)
    here = browser()

    def writes(at):
        time_machine.move_to(at, tick=False)
        queries.clear()
        assert is_logged_in(here)
        return [sql for sql in queries if sql.startswith(("INSERT", "UPDATE")) and "session" in sql]

    assert [len(writes(NOON + timedelta(seconds=s))) for s in (1, 30, 59)] == [0, 0, 0]


def test_the_last_activity_is_recorded_after_a_minute(alice, time_machine, monkeypatch):
    here = browser()
    monkeypatch.setattr(redis_store._Outage, "until", float("inf"))  # the database alone decides
    seen = row_of(here).last_seen_at
    for seconds, is_newer in ((30, False), (61, True), (90, True)):
        time_machine.move_to(seen + timedelta(seconds=seconds), tick=False)
        assert is_logged_in(here)
        assert (row_of(here).last_seen_at > seen) == is_newer
    assert row_of(here).last_seen_at == seen + timedelta(seconds=61)


def test_a_session_older_than_the_list_is_added_when_it_is_used(alice):
    here = browser()
    UserSession.objects.all().delete()
    redis.client().flushdb()

    assert is_logged_in(here)

    assert row_of(here).user == alice


def test_sessions_of_an_old_password_are_not_listed(alice):
    here, _other = browser(), browser(PHONE)
    user = User.objects.get()
    user.set_password("outro-segredo-longo")
    user.save()

    assert sessions_of(user, current_key=key_of(here)) == []


def test_pruning_forgets_the_rows_of_ended_sessions_without_entries(alice):
    here, expired = browser(), browser(PHONE)
    Session.objects.filter(session_key=key_of(expired)).update(expire_date=timezone.now())

    prune_log_ins(at=timezone.now())

    assert list(UserSession.objects.values_list("session_key", flat=True)) == [key_of(here)]
    assert not AuditEntry.objects.filter(model="usersessions.usersession").exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_three_queries_for_any_number(alice, count, django_assert_num_queries):
    for _number in range(count):
        browser()
    with django_assert_num_queries(3):
        assert len(sessions_of(alice, current_key=None)) == count


def test_recording_a_session_twice_changes_nothing(alice):
    for address in ("203.0.113.7", "198.51.100.1"):
        record_session(user=alice, session_key="k" * 32, address=address, user_agent="", at=NOON)
    assert UserSession.objects.get().ip == "203.0.113.0"


def test_the_update_lists_the_sessions_that_are_open(alice, transactional_db):
    here = browser()
    anonymous = Client()
    anonymous.get("/login/")
    UserSession.objects.all().delete()

    with migrated_to([("accounts", "0012_plan")]):
        pass

    assert UserSession.objects.get().session_key == key_of(here)
    assert here.session[SESSION_KEY] == str(alice.pk)
