import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.alerts.models import Alert, AlertSubscription, SharedAlert
from mainapp.alerts.selectors.shared import wanted_shared
from mainapp.alerts.services.announcing import FIRED, SHARED_FIRED
from mainapp.alerts.services.sharing import set_subscription, share_alert, unshare_alert
from mainapp.alerts.tests.factories import fired, make_alert, record
from mainapp.clubs.exceptions import ClubGone, Forbidden, Invalid
from mainapp.clubs.models import ClubMember
from mainapp.clubs.tests.factories import make_club
from mainapp.market.tests.factories import NOON
from mainapp.notifications.models import Channel, Notification


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol", "carol@example.org")


@pytest.fixture
def club(alice, bob, carol):
    return make_club(alice, bob, carol)


@pytest.fixture
def alert(alice):
    return make_alert(alice, compra="35.00", note="segredo da alice")


@pytest.fixture
def shared(club, alice, alert):
    return share_alert(club_pk=club.pk, actor=alice, alert_pk=alert.pk, at=NOON)


def subscribe(shared, *users, is_on=True):
    for user in users:
        set_subscription(
            club_pk=shared.club_id, shared_pk=shared.pk, user=user, is_on=is_on, at=NOON
        )


def notified(kind=SHARED_FIRED):
    rows = Notification.objects.filter(kind=kind).order_by("user")
    return list(rows.values_list("user__username", flat=True))


def fire():
    record("36.00", minutes=1)
    record("34.90", minutes=2)


def test_one_firing_notifies_each_subscriber_once_by_their_own_channels(
    shared, alert, bob, carol, django_user_model
):
    subscribe(shared, bob, carol)
    subscribe(shared, bob)
    Channel.objects.create(
        user=bob, kind="webhook", address="https://example.org/x", created_at=NOON, verified_at=NOON
    )
    fire()
    assert fired(alert) == [("compra", "34.90")]
    assert (notified(FIRED), notified()) == (["alice"], ["bob", "carol"])
    by_bob = Notification.objects.get(kind=SHARED_FIRED, user=bob)
    assert "webhook" in by_bob.deliveries.values_list("kind", flat=True)
    by_carol = Notification.objects.get(kind=SHARED_FIRED, user=carol)
    assert "webhook" not in by_carol.deliveries.values_list("kind", flat=True)
    assert "segredo" not in by_bob.title + by_bob.body
    assert alert.firings.get().notification.user.username == "alice"


@pytest.mark.parametrize("end", ["unsubscribed", "left", "unshared", "owner left", "blocked"])
def test_nothing_is_written_or_sent_after_the_end(shared, club, alice, alert, bob, end):
    subscribe(shared, bob)
    fire()
    waiting = list(Notification.objects.filter(kind=SHARED_FIRED))
    assert wanted_shared(waiting) == {waiting[0].pk}
    if end == "unsubscribed":
        subscribe(shared, bob, is_on=False)
    elif end == "left":
        ClubMember.objects.filter(club=club, user=bob).delete()
    elif end == "unshared":
        unshare_alert(club_pk=club.pk, shared_pk=shared.pk, actor=alice)
    elif end == "owner left":
        ClubMember.objects.filter(club=club, user=alice).delete()
    else:
        block_user(blocker=bob, blocked=alice, at=NOON)
    assert wanted_shared(waiting) == set()
    Notification.objects.all().delete()
    alert.refresh_from_db()
    Alert.objects.filter(pk=alert.pk).update(status="active")
    again = make_alert(alice, compra="34.00")
    if SharedAlert.objects.filter(pk=shared.pk).exists():
        SharedAlert.objects.filter(pk=shared.pk).update(alert=again)
    record("33.00", minutes=3)
    assert (notified(FIRED), notified()) == (["alice"], [])


def test_membership_decides_even_where_a_subscription_was_left_behind(shared, club, bob):
    subscribe(shared, bob)
    ClubMember.objects.filter(club=club, user=bob)._raw_delete("default")
    fire()
    assert notified() == []
    assert not SharedAlert.objects.visible_to(bob).exists()


def test_archived_club_sends_nothing(shared, club, bob):
    subscribe(shared, bob)
    club.archived_at = timezone.now()
    club.save(update_fields=["archived_at"])
    fire()
    assert notified() == []


def test_only_own_alerts_are_shared_with_own_clubs(club, alice, bob, alert):
    with pytest.raises(Invalid):
        share_alert(club_pk=club.pk, actor=bob, alert_pk=alert.pk, at=NOON)
    other = make_club(bob)
    with pytest.raises(ClubGone):
        share_alert(club_pk=other.pk, actor=alice, alert_pk=alert.pk, at=NOON)


def test_alert_is_shared_with_one_club_and_sharing_again_is_harmless(shared, club, alice, alert):
    again = share_alert(club_pk=club.pk, actor=alice, alert_pk=alert.pk, at=NOON)
    assert again == shared
    other = make_club(alice)
    with pytest.raises(Invalid):
        share_alert(club_pk=other.pk, actor=alice, alert_pk=alert.pk, at=NOON)


def test_owner_and_managers_take_it_out(shared, club, bob):
    with pytest.raises(Forbidden):
        unshare_alert(club_pk=club.pk, shared_pk=shared.pk, actor=bob)
    ClubMember.objects.filter(club=club, user=bob).update(role="manager")
    unshare_alert(club_pk=club.pk, shared_pk=shared.pk, actor=bob)
    assert Alert.objects.count() == 1


def test_leaving_ends_what_was_shared_and_received(shared, club, alice, bob):
    mine = make_alert(bob, compra="20.00")
    share_alert(club_pk=club.pk, actor=bob, alert_pk=mine.pk, at=NOON)
    subscribe(shared, bob)
    ClubMember.objects.get(club=club, user=bob).delete()
    assert list(SharedAlert.objects.all()) == [shared]
    assert not AlertSubscription.objects.exists()
    assert Alert.objects.filter(owner=bob).exists()


def test_foreign_ids_are_as_unknown_ones(shared, bob, client):
    other = make_club(bob)
    client.force_login(bob)
    for pk in (shared.pk, 999_999):
        for verb in ("receber", "retirar"):
            address = f"/clube/{other.slug}/alertas/{pk}/{verb}/"
            assert client.post(address, {"on": "1"}).status_code == 404
    assert not AlertSubscription.objects.exists()


def test_pages_show_limits_and_no_note(shared, club, alice, bob, client):
    client.force_login(bob)
    page = client.get(f"/clube/{club.slug}/alertas/").content.decode()
    assert "PETR4" in page
    assert "35,00" in page
    assert "segredo" not in page
    client.post(f"/clube/{club.slug}/alertas/{shared.pk}/receber/", {"on": "1"})
    assert AlertSubscription.objects.get().user == bob
    mine = make_alert(bob, venda="50.00")
    client.post(f"/clube/{club.slug}/alertas/compartilhar/", {"alert": mine.pk})
    assert "você recebe" in client.get(f"/clube/{club.slug}/").content.decode()
    assert SharedAlert.objects.count() == 2


def test_operations(shared, club, bob, carol, client):
    client.force_login(bob)
    base, kind = f"/api/v1/clubs/{club.slug}/alerts/", "application/json"
    mine = make_alert(bob, venda="50.00")
    made = client.post(base, {"alert": mine.pk}, content_type=kind)
    assert (made.status_code, made.json()["venda"]) == (201, "50.00")
    assert client.post(f"{base}{shared.pk}/subscription/", content_type=kind).status_code == 204
    first = client.get(base).json()["results"][0]
    assert (first["receiving"], first["receivers"], first["owner"]["name"]) == (True, 1, "alice")
    assert client.delete(f"{base}{shared.pk}/subscription/").status_code == 204
    assert client.delete(f"{base}{shared.pk}/").status_code == 403
    assert client.delete(f"{base}{made.json()['id']}/").status_code == 204
    ClubMember.objects.filter(user=bob).delete()
    assert client.get(base).status_code == 404


@pytest.mark.parametrize("count", [3, 30])
def test_list_costs_the_same(club, alice, bob, client, count, django_assert_max_num_queries):
    for n in range(count):
        symbol = f"AB{chr(65 + n // 26)}{chr(65 + n % 26)}3"
        alert = make_alert(alice, symbol=symbol, compra="30.00")
        share_alert(club_pk=club.pk, actor=alice, alert_pk=alert.pk, at=NOON)
    client.force_login(bob)
    with django_assert_max_num_queries(10):
        client.get(f"/clube/{club.slug}/alertas/")
