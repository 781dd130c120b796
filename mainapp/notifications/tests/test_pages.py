from datetime import timedelta

import pytest
from django.core import mail, signing
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.notifications.models import Broadcast, Channel, Delivery, Mark, Notification
from mainapp.notifications.policies import CODE_TRIES, MAX_CHANNELS, TEST_MESSAGES_AN_HOUR
from mainapp.notifications.selectors.channels import deliveries_for
from mainapp.notifications.selectors.inbox import unread_count
from mainapp.notifications.services.broadcasts import send_broadcast, write_batch
from mainapp.notifications.services.channels import add_channel, enter_code, link_key, send_test
from mainapp.notifications.services.inbox import mark_read, prune_notifications
from mainapp.notifications.services.outbox import claim_due, record_attempt
from mainapp.notifications.tests.factories import channel, delivery, letter, notice


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def text(answer):
    return answer.content.decode()


# The inbox --------------------------------------------------------------------------------------


def test_list_shows_own_and_everybodys_and_nobody_elses(page, alice, bob):
    notice(alice, title="meu", body="R$ 36,00", url="/graph?ticker=PETR4")
    notice(bob, title="do bob")
    notice(None, title="de todos")
    shown = text(page.get("/notifications/"))

    assert "meu" in shown
    assert "de todos" in shown
    assert "do bob" not in shown
    assert 'href="/graph?ticker=PETR4"' in shown
    assert "2 não lidas" in shown


def test_bell_leads_to_the_list_on_every_page(page, client):
    assert 'href="/notifications/" data-bell' in text(page.get("/privacy/"))
    client.logout()
    assert "data-bell" not in text(client.get("/privacy/"))


def test_one_is_read_then_all(page, alice):
    one, _two = notice(alice), notice(None)
    page.post(reverse("read-notification", args=[one.pk]))
    assert unread_count(alice) == 1
    page.post("/notifications/read/")
    assert unread_count(alice) == 0


def test_deleting_everybodys_notice_takes_it_from_one_inbox_alone(page, alice, bob):
    one = notice(None, title="de todos")
    url = reverse("delete-notification", args=[one.pk])
    assert "de todos" in text(page.get(url))
    assert "de todos" in text(page.get("/notifications/"))
    assert page.post(url).status_code == 302

    assert "de todos" not in text(page.get("/notifications/"))
    assert page.post(url).status_code == 404
    assert unread_count(bob) == 1
    assert Notification.objects.exists()


def test_all_are_deleted_after_a_question(page, alice):
    for _ in range(3):
        notice(alice)
    page.get("/notifications/delete/")
    assert "Nenhuma notificação" not in text(page.get("/notifications/"))
    page.post("/notifications/delete/")
    assert "Nenhuma notificação" in text(page.get("/notifications/"))


@pytest.mark.parametrize("name", ["read-notification", "delete-notification"])
def test_what_is_not_yours_does_not_exist(page, bob, name):
    theirs = page.post(reverse(name, args=[notice(bob).pk]))
    nothing = page.post(reverse(name, args=[10**9]))

    assert (theirs.status_code, theirs.content) == (404, nothing.content)
    assert not Mark.objects.exists()


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/notifications/", 5),  # session, user, count, unread, rows
        ("/notifications/deliveries/", 5),  # session, user, count, rows, attempts
        ("/notifications/channels/", 6),  # session, user, channels, switch, address, verified
    ],
)
def test_a_page_costs_the_same_queries_at_any_size(
    page, alice, path, queries, count, django_assert_max_num_queries
):
    for number in range(count):
        notice(alice, deliveries=[letter()])
        if number < MAX_CHANNELS:
            channel(alice, address=f"{number}@example.com")
    for one in claim_due(limit=count, at=timezone.now()):
        record_attempt(delivery=one, error=None, at=timezone.now())
    page.get(path)
    with django_assert_max_num_queries(queries):
        assert page.get(path).status_code == 200


def test_pages_of_the_list_follow_each_other(page, alice):
    for number in range(25):
        notice(alice, title=f"nota {number}.")
    assert "nota 4." not in text(page.get("/notifications/"))
    assert "nota 4." in text(page.get("/notifications/?page=2"))
    assert page.get("/notifications/?page=x").status_code == 200


def test_old_notifications_and_ended_deliveries_are_pruned(alice):
    old, new = notice(alice, deliveries=[letter()]), notice(alice, deliveries=[letter()])
    Notification.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=200))
    Delivery.objects.filter(notification=old).update(
        created_at=timezone.now() - timedelta(days=40), state="sent"
    )
    prune_notifications(at=timezone.now())

    assert list(Notification.objects.all()) == [new]
    assert Delivery.objects.get().notification == new


# Channels ---------------------------------------------------------------------------------------


def add(page, kind, address):
    return page.post("/notifications/channels/", {"kind": kind, "address": address})


def test_mail_address_is_used_once_its_link_was_confirmed(page, alice, client, settings):
    settings.SITE_URL = "https://pregao.example"
    assert add(page, "email", "casa@example.com").status_code == 302
    sent = Delivery.objects.get()
    assert sent.address == "casa@example.com"
    assert deliveries_for([alice], "alert")[alice.pk] == []
    path = sent.text.split("https://pregao.example")[1].split()[0]

    client.logout()
    assert "casa@example.com" in text(client.get(path))
    assert deliveries_for([alice], "alert")[alice.pk] == []
    client.post(path)
    assert [one.address for one in deliveries_for([alice], "alert")[alice.pk]] == [
        "casa@example.com"
    ]


@pytest.mark.parametrize("key", ["nothing", "a:b:c", "", None])
def test_link_that_is_not_ours_does_not_exist(client, db, key):
    key = signing.dumps([1, "x"], salt="other") if key is None else key
    assert client.get(f"/notifications/channels/confirm/{key}/").status_code == 404


def test_link_of_another_address_confirms_nothing(client, alice):
    made = channel(alice, verified_at=None)
    key = link_key(made)
    Channel.objects.update(address="stranger@example.com")

    assert client.post(reverse("confirm-channel", args=[key])).status_code == 404


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "https://hook.example/x"),
        ("apprise", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"),
    ],
)
def test_other_channel_is_used_once_its_code_was_typed(page, alice, kind, address):
    add(page, kind, address)
    made = Channel.objects.get()
    assert made.code in Delivery.objects.get().text
    url = reverse("notification-channel", args=[made.pk])
    wrong = f"{(int(made.code) + 1) % 10**6:06}"
    assert "não é este" in text(page.post(url, {"code": wrong}))
    assert deliveries_for([alice], "alert")[alice.pk] == []

    assert page.post(url, {"code": made.code}).status_code == 302
    assert [one.channel_id for one in deliveries_for([alice], "alert")[alice.pk]] == [made.pk]


def test_code_cannot_be_guessed(alice):
    made = add_channel(
        user=alice, kind="webhook", address="https://hook.example/x", at=timezone.now()
    )
    code = Channel.objects.get().code
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(CODE_TRIES):
        with pytest.raises(DomainError, match="não é este"):
            enter_code(channel=made, code=wrong, at=timezone.now())
    with pytest.raises(DomainError, match="não vale mais"):
        enter_code(channel=made, code=code, at=timezone.now())
    with pytest.raises(DomainError):
        enter_code(channel=made, code="", at=timezone.now())


def test_code_runs_out(alice):
    made = add_channel(
        user=alice, kind="webhook", address="https://hook.example/x", at=timezone.now()
    )
    with pytest.raises(DomainError, match="não vale mais"):
        enter_code(
            channel=made,
            code=Channel.objects.get().code,
            at=timezone.now() + timedelta(minutes=61),
        )


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "nobody"), ("webhook", "http://10.0.0.1/"), ("webhook", "https://127.1/"),
        ("apprise", "json://127.0.0.1/"), ("apprise", "file:///etc/passwd"), ("email", ""),
        ("smoke", "signals"), ("email", "x" * 600),
    ],
)  # fmt: skip
def test_address_that_will_not_do_is_told(page, kind, address):
    assert "field-error" in text(add(page, kind, address))
    assert not Channel.objects.exists()
    assert not Delivery.objects.exists()


def test_strangers_are_not_flooded(alice):
    for number in range(MAX_CHANNELS):
        add_channel(user=alice, kind="email", address=f"{number}@x.com", at=timezone.now())
    with pytest.raises(DomainError, match="canais"):
        add_channel(user=alice, kind="email", address="more@x.com", at=timezone.now())
    for made in Channel.objects.all():
        made.delete()
    assert Delivery.objects.count() == TEST_MESSAGES_AN_HOUR
    with pytest.raises(DomainError, match="tente mais tarde"):
        add_channel(user=alice, kind="email", address="more@x.com", at=timezone.now())
    assert not Channel.objects.exists()


def test_test_button_writes_a_message_for_a_verified_channel_alone(page, alice):
    good, bad = channel(alice), channel(alice, address="new@x.com", verified_at=None)
    for one in (good, bad):
        page.post(reverse("test-channel", args=[one.pk]))

    assert [row.channel for row in Delivery.objects.all()] == [good]
    with pytest.raises(DomainError):
        send_test(channel=bad, at=timezone.now())


def test_channel_is_switched_and_deleted_with_what_waits(page, alice):
    one = channel(alice)
    page.post(reverse("switch-channel", args=[one.pk]), {"is_active": "0"})
    assert deliveries_for([alice], "alert")[alice.pk] == []
    delivery("other@example.com", channel_id=one.pk, user=alice)
    url = reverse("delete-channel", args=[one.pk])
    page.get(url)
    assert Channel.objects.exists()
    page.post(url)

    assert not Channel.objects.exists()
    assert Delivery.objects.get().state == "cancelled"


def test_account_mail_is_switched(page, alice):
    User.objects.update(email="alice@example.com")
    alice.emailaddress_set.create(email="alice@example.com", verified=True)
    for on, addresses in (("0", []), ("1", ["alice@example.com"])):
        page.post("/notifications/channels/account/", {"is_active": on})
        assert [one.address for one in deliveries_for([alice], "a")[alice.pk]] == addresses
    assert "Ligado" in text(page.get("/notifications/channels/"))


def test_log_shows_each_try_and_no_keys(page, alice, bob):
    delivery("tgram://123456789:secret/1", kind="apprise", user=alice, subject="PETR4 caiu")
    delivery("bob@example.com", user=bob)
    [one, _other] = claim_due(limit=2, at=timezone.now())
    record_attempt(delivery=one, error=None, at=timezone.now())
    shown = text(page.get("/notifications/deliveries/"))

    assert "PETR4 caiu" in shown
    assert "enviada" in shown
    assert "secret" not in shown
    assert "bob@example.com" not in shown


# Everybody --------------------------------------------------------------------------------------


@pytest.fixture
def staff(client, bob):
    User.objects.filter(pk=bob.pk).update(access_level=User.Access.SUPPORT)
    bob.refresh_from_db()
    client.force_login(bob)
    return client


def test_staffs_notice_is_stored_once_and_seen_by_all(staff, alice, bob):
    staff.post("/notifications/broadcasts/", {"title": "Manutenção", "body": "no domingo"})

    assert Notification.objects.get().user is None
    assert [unread_count(user) for user in (alice, bob)] == [1, 1]
    assert not Delivery.objects.exists()
    assert write_batch(at=timezone.now()) == 0
    mark_read(user=alice, ids=None, at=timezone.now())
    assert [unread_count(user) for user in (alice, bob)] == [0, 1]


def test_member_sends_nothing_to_all(page, alice):
    sent = page.post("/notifications/broadcasts/", {"title": "Oi", "body": "todos"})

    assert sent.status_code == 403
    with pytest.raises(DomainError):
        send_broadcast(author=alice, title="Oi", body="todos", at=timezone.now())
    assert not Notification.objects.exists()


@pytest.mark.parametrize("url", ["https://x.example", "//x.example", "javascript:x", "/\\x"])
def test_notice_links_to_this_site_alone(staff, url):
    staff.post("/notifications/broadcasts/", {"title": "Oi", "body": "todos", "url": url})

    assert not Broadcast.objects.exists()


def test_mail_to_all_is_written_in_batches_once_for_each(bob, settings, monkeypatch):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    monkeypatch.setattr("mainapp.notifications.services.broadcasts.BATCH", 4)
    bob.access_level = User.Access.ADMIN
    User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@x.com") for n in range(10))
    User.objects.filter(username="u3").update(is_active=False)
    User.objects.filter(username="u5").update(email="")
    now = timezone.now()
    send_broadcast(author=bob, title="Oi", body="todos", is_email=True, at=now)
    covered = []
    while count := write_batch(at=now):
        covered.append(count)
        assert write_batch(at=now) == 0  # not before the last ones were tried
        for one in claim_due(limit=50, at=now):
            record_attempt(delivery=one, error=None, at=now)

    assert sum(covered) == 10  # bob, who has no address, and nine active users
    addresses = sorted(Delivery.objects.values_list("address", flat=True))
    assert addresses == sorted(f"u{n}@x.com" for n in range(10) if n not in (3, 5))
    assert Delivery.objects.values("message_id").distinct().count() == 8
    assert Broadcast.objects.get().finished_at
    assert mail.outbox == []


def test_batch_from_an_old_place_is_not_written(bob, settings, monkeypatch):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    bob.access_level = User.Access.ADMIN
    User.objects.create_user("ana", "ana@x.com")
    now = timezone.now()
    send_broadcast(author=bob, title="Oi", body="todos", is_email=True, at=now)
    stale = Broadcast.objects.get()
    write_batch(at=now)
    Delivery.objects.update(tries=1)
    monkeypatch.setattr(Broadcast.objects, "filter", _first_stale(stale, Broadcast.objects.filter))

    assert write_batch(at=now) == 0
    assert Delivery.objects.count() == 1


def _first_stale(stale, real):
    """Have a reader find the row as it was, as one that read it before another's commit."""

    class Found:
        def order_by(self, *names):
            return self

        def first(self):
            return stale

    return lambda **given: Found() if given == {"finished_at": None} else real(**given)
