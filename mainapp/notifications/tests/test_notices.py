from itertools import pairwise

import pytest
from django.db import transaction

from mainapp.accounts.models import User
from mainapp.notifications.models import Delivery, Notification
from mainapp.notifications.selectors.channels import Destination, deliveries_for
from mainapp.notifications.services.notices import Notice, letters_for, notify, notify_many
from mainapp.notifications.tests.factories import channel, letter, notice


@pytest.fixture
def hints(monkeypatch):
    """Return the list of hints sent after commits."""
    hints: list[tuple] = []
    monkeypatch.setattr("mainapp.notifications.receivers.send_hints", lambda *a: hints.append(a))
    monkeypatch.setattr("mainapp.notifications.receivers._hinter", lambda: ImmediateExecutor())
    return hints


class ImmediateExecutor:
    """An executor that runs its work immediately."""

    def submit(self, work, *arguments):
        work(*arguments)


def test_notice_and_its_deliveries_are_rows(alice):
    notification = notify(
        user=alice,
        kind="alert",
        title="PETR4 caiu",
        url="/alerts/",
        deliveries=[letter(), letter("x@y.com")],
    )

    assert (notification.user, notification.kind, notification.url) == (alice, "alert", "/alerts/")
    rows = Delivery.objects.order_by("id")
    assert [(row.address, row.user, row.notification, row.state) for row in rows] == [
        ("alice@example.com", alice, notification, "waiting"),
        ("x@y.com", alice, notification, "waiting"),
    ]
    assert len({row.message_id for row in rows}) == 2


def test_same_key_is_written_once_with_its_deliveries(alice, bob):
    first = notify(user=alice, kind="a", title="um", dedupe_key="k", deliveries=[letter()])
    repeated = notify(user=alice, kind="a", title="dois", dedupe_key="k", deliveries=[letter()])
    both = notify_many(
        notices=[Notice(user_id=bob.pk, kind="a", title="x", dedupe_key="n", deliveries=[letter()])]
        * 2
    )

    assert repeated == first
    assert repeated.title == "um"
    assert both[0] is both[1]
    assert Notification.objects.count() == Delivery.objects.count() == 2


def test_rollback_discards_rows_and_hints(alice, hints, django_capture_on_commit_callbacks):
    def fail():
        with transaction.atomic():
            notify(user=alice, kind="a", title="um", deliveries=[letter()])
            raise LookupError

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(LookupError):
        fail()

    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()
    assert hints == []


def test_commit_sends_hints_for_users_and_worker(
    alice, bob, hints, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        notify_many(
            notices=[
                Notice(user_id=user.pk, kind="a", title="um", deliveries=[letter()])
                for user in (bob, alice)
            ]
        )
        notify(user=None, kind="a", title="a todos")

    assert hints == [([], True), ([alice.pk, bob.pk], False), (None, False)]


@pytest.mark.parametrize("count", [3, 30, 100])
def test_any_number_of_notices_costs_the_same_queries(db, count, django_assert_max_num_queries):
    users = User.objects.bulk_create(User(username=f"u{n}") for n in range(count))
    notices = [
        Notice(
            user_id=user.pk, kind="a", title="t", dedupe_key=f"k{user.pk}", deliveries=[letter()]
        )
        for user in users
    ]
    with django_assert_max_num_queries(8):  # savepoint, release, lock, existing keys, two writes
        notify_many(notices=notices)

    assert Delivery.objects.count() == count


def test_ids_rise_in_the_order_of_the_notices(alice):
    many = notify_many(notices=[Notice(user_id=alice.pk, kind="a", title="t")] * 5)

    assert all(earlier.pk < later.pk for earlier, later in pairwise(many))


def test_destinations_are_the_account_address_and_verified_channels(alice, bob, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    User.objects.filter(pk=alice.pk).update(email="alice@example.com")
    hook = channel(alice, "webhook", address="https://x.example")
    channel(alice, "webhook", address="https://off.example", is_active=False)
    channel(alice, address="new@example.com", verified_at=None)
    channel(bob, address="")

    account = Destination(kind="email", address="alice@example.com")
    place = Destination(kind="webhook", address="https://x.example", channel_id=hook.pk)
    assert deliveries_for([alice, bob.pk], "alert") == {alice.pk: [account, place], bob.pk: []}
    assert deliveries_for([alice], "delivery_failed") == {alice.pk: []}

    channel(alice, address="", is_active=False)
    assert deliveries_for([alice], "alert") == {alice.pk: [place]}


def test_unverified_account_address_gets_nothing_if_verification_is_mandatory(alice, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    User.objects.filter(pk=alice.pk).update(email="Alice@example.com")
    assert deliveries_for([alice], "alert") == {alice.pk: []}

    alice.emailaddress_set.create(email="alice@example.com", verified=True)
    assert [target.address for target in deliveries_for([alice], "alert")[alice.pk]] == [
        "alice@example.com"
    ]


@pytest.mark.parametrize("count", [3, 30])
def test_destinations_cost_three_queries(db, count, django_assert_num_queries, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    users = User.objects.bulk_create(User(username=f"u{n}", email="a@b.c") for n in range(count))
    for user in users:
        channel(user)
    with django_assert_num_queries(3):
        assert len(deliveries_for(users, "alert")) == count


def test_letters_have_a_message_id_with_their_name(settings):
    settings.DEFAULT_FROM_EMAIL = "Pregão <avisos@pregao.example>"
    places = [
        Destination(kind="email", address="a@b.c"),
        Destination(kind="webhook", address="u", channel_id=7),
    ]

    mail, hook = letters_for(
        destinations=places, subject="s", text="t", html="<p>", name="firing.3"
    )

    assert (mail.message_id, mail.html) == ("<firing.3.0@pregao.example>", "<p>")
    assert (hook.message_id, hook.html) == ("<firing.3.7@pregao.example>", "")


def test_too_long_title_is_cut(alice):
    notification = notice(alice, title="x" * 500, deliveries=[letter(subject="a\nb" + "x" * 500)])

    assert len(notification.title) == 200
    assert Delivery.objects.get().subject.startswith("a bx")
