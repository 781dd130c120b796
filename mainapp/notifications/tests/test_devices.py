"""Devices that get web push: switching on, what they show, and when they are removed."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from mainapp.notifications.models import Channel, Delivery, Notification
from mainapp.notifications.selectors.channels import deliveries_for
from mainapp.notifications.services.delivering import Round
from mainapp.notifications.services.devices import ensure_key, store_device
from mainapp.notifications.services.notices import letters_for
from mainapp.notifications.tests.factories import channel, notice
from mainapp.notifications.tests.test_delivering import Recording, every_kind
from mainapp.notifications.tests.transports.browsers import PushBrowser
from mainapp.notifications.transports import vapid
from mainapp.notifications.transports.base import TransportError

URL = "/notifications/channels/this-device/"
KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"


@pytest.fixture
def alice_client(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture(autouse=True)
def _vapid_key(settings, names):
    settings.VAPID_KEY = KEY
    names["push.example"] = [["93.184.215.14"]]


def subscription(browser, **fields):
    return {
        "endpoint": browser.endpoint,
        "p256dh": browser.p256dh,
        "auth": browser.auth,
        "name": "Chrome no Android",
        **fields,
    }


def new_device(user, browser=None, **fields):
    browser = browser or PushBrowser()
    device = store_device(
        user=user,
        endpoint=browser.endpoint,
        keys=browser.keys,
        name="Celular",
        known=None,
        is_new=True,
        at=timezone.now(),
    )
    Channel.objects.filter(pk=device.pk).update(**fields)
    return device


def sent_by(transport):
    Round(every_kind(push=transport)).run()
    return transport.messages


def test_device_is_stored_once_however_often_it_is_sent(alice_client, alice):
    for _time in range(2):
        response = alice_client.post(URL, subscription(PushBrowser()))
        assert response.status_code == 200
    [device] = Channel.objects.filter(user=alice)
    assert (device.kind, device.name, device.is_active) == ("push", "Chrome no Android", True)
    assert (device.shows_amounts, device.shown_address) == (False, "Chrome no Android")
    assert response.json()["device"] == device.pk
    assert response.json()["key"] == vapid.public_key_text()


def test_new_subscription_of_the_same_browser_replaces_the_old_one(alice_client, alice):
    alice_client.post(URL, subscription(PushBrowser()))
    other = PushBrowser("two")
    alice_client.post(URL, subscription(other, name="x"))
    [device] = Channel.objects.filter(user=alice)
    assert (device.address, device.name) == (other.endpoint, "Chrome no Android")


def test_renewal_does_not_bring_a_removed_device_back(alice_client, alice):
    alice_client.post(URL, subscription(PushBrowser()))
    Channel.objects.all().delete()
    response = alice_client.post(URL, subscription(PushBrowser("two"), renews="1"))
    assert (response.status_code, response.json()["device"]) == (200, None)
    assert not Channel.objects.exists()


def test_renewal_after_a_new_log_in_finds_the_device_by_its_endpoint(alice_client, alice):
    device = new_device(alice)
    response = alice_client.post(URL, subscription(PushBrowser(), renews="1"))
    assert response.json()["device"] == device.pk


def test_two_browsers_are_two_devices(alice_client, alice):
    alice_client.post(URL, subscription(PushBrowser()))
    other = Client()
    other.force_login(alice)
    other.post(URL, subscription(PushBrowser("two")))
    assert Channel.objects.filter(user=alice).count() == 2


def test_browser_belongs_to_the_user_who_switched_it_on_last(alice, bob):
    new_device(alice)
    new_device(bob)
    assert list(Channel.objects.values_list("user", flat=True)) == [bob.pk]


def test_endpoint_without_its_keys_ends_nobodys_device(alice, bob):
    new_device(alice)
    forged = PushBrowser(scalar=99)
    new_device(bob, forged)
    assert set(Channel.objects.values_list("user", flat=True)) == {alice.pk, bob.pk}


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254"])
def test_private_address_is_refused(alice_client, names, address):
    names["push.example"] = [[address]]
    response = alice_client.post(URL, subscription(PushBrowser()))
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert not Channel.objects.exists()


@pytest.mark.parametrize("field", ["endpoint", "p256dh", "auth"])
def test_incomplete_subscription_is_refused(alice_client, field):
    response = alice_client.post(URL, subscription(PushBrowser(), **{field: ""}))
    assert response.status_code == 400


def test_site_without_a_key_offers_nothing(alice_client, settings, tmp_path):
    settings.VAPID_KEY, settings.DATA_DIR = "", tmp_path
    assert alice_client.get(URL).json()["key"] == ""
    assert alice_client.post(URL, subscription(PushBrowser())).status_code == 400


def test_log_out_removes_the_device_of_that_browser_only(alice_client, alice):
    other = new_device(alice, PushBrowser("two"))
    alice_client.post(URL, subscription(PushBrowser()))
    alice_client.post("/logout/")
    assert list(Channel.objects.values_list("pk", flat=True)) == [other.pk]


def test_new_password_removes_the_other_devices(alice_client, alice):
    new_device(alice, PushBrowser("two"))
    alice_client.post(URL, subscription(PushBrowser()))
    alice.set_password("uma-senha-bem-longa")
    alice.save()
    alice_client.force_login(alice)
    session = alice_client.session
    session["push_device"] = Channel.objects.get(address=PushBrowser().endpoint).pk
    session.save()
    data = {
        "oldpassword": "uma-senha-bem-longa",
        "password1": "outra-senha-bem-longa",
        "password2": "outra-senha-bem-longa",
    }
    assert alice_client.post("/accounts/password/change/", data).status_code == 302
    assert list(Channel.objects.values_list("address", flat=True)) == [PushBrowser().endpoint]


def test_deactivation_and_deletion_remove_devices(alice, bob):
    new_device(alice)
    new_device(bob, PushBrowser("two"))
    alice.is_active = False
    alice.save()
    bob.delete()
    assert not Channel.objects.exists()


def test_gone_subscription_removes_its_device_and_tells_the_owner(alice):
    new_device(alice)
    notice(alice, deliveries=_letters(alice))

    def gone(_message):
        raise TransportError("acabou", permanent=True, is_gone=True)

    sent_by(Recording(gone))
    assert not Channel.objects.exists()
    assert Delivery.objects.get().state == "failed"
    assert Notification.objects.get(kind="delivery_failed").user == alice


@pytest.mark.django_db(transaction=True)  # the sending thread has its own connection
def test_newer_subscription_survives_the_end_of_the_old_one(alice):
    device = new_device(alice)
    notice(alice, deliveries=_letters(alice))

    def gone(_message):
        Channel.objects.filter(pk=device.pk).update(address="https://push.example/newer")
        raise TransportError("acabou", permanent=True, is_gone=True)

    sent_by(Recording(gone))
    assert Channel.objects.filter(pk=device.pk).exists()


def test_busy_service_is_tried_again_after_its_pause(alice):
    new_device(alice)
    notice(alice, deliveries=_letters(alice))

    def busy(_message):
        raise TransportError("429", retry_after_s=900)

    before = timezone.now()
    sent_by(Recording(busy))
    delivery = Delivery.objects.get()
    assert delivery.state == "waiting"
    assert 900 <= (delivery.due_at - before).total_seconds() < 1000
    assert Channel.objects.exists()


def _letters(user, subject="PETR4 atingiu R$ 35,99 (+2,50%) · Pregão"):
    return letters_for(
        destinations=[
            each for each in deliveries_for([user], "alert")[user.pk] if each.kind == "push"
        ],
        subject=subject,
        text="",
    )


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("PETR4 atingiu R$ 35,99 (+2,50%) · Pregão", "PETR4 atingiu ••• (•••)"),
        ("IBOV reached 130,000.00 points", "IBOV reached ••• points"),
        ("PETR4 caiu −3,1% e R$ −1.200,00", "PETR4 caiu ••• e •••"),  # noqa: RUF001
        ("VALE3 paga R$ 5", "VALE3 paga •••"),
        ("3 mensagens novas de Ana", "3 mensagens novas de Ana"),
    ],
)
def test_locked_screen_shows_no_amount_of_any_notification(alice, subject, shown):
    new_device(alice)
    notice(alice, deliveries=_letters(alice, subject), body="Nota: vender tudo a R$ 1.000,00")
    [message] = sent_by(Recording())
    assert (message.subject, message.text) == (shown, "Toque para ver no Pregão.")


def test_device_shows_amounts_where_its_owner_chose_so(alice):
    new_device(alice, shows_amounts=True)
    notice(alice, deliveries=_letters(alice), body="A R$ 35,99")
    [message] = sent_by(Recording())
    assert (message.subject, message.text) == ("PETR4 atingiu R$ 35,99 (+2,50%)", "A R$ 35,99")


def test_name_and_privacy_of_a_device_are_changed(alice_client, alice):
    device = new_device(alice)
    url = f"/notifications/channels/{device.pk}/device/"
    assert alice_client.post(url, {"name": "Meu", "shows_amounts": "on"}).status_code == 302
    device.refresh_from_db()
    assert (device.name, device.shows_amounts) == ("Meu", True)
    other = channel(alice)
    assert alice_client.post(f"/notifications/channels/{other.pk}/device/", {}).status_code == 404


def test_setup_creates_the_key_once(settings, tmp_path, db):
    settings.VAPID_KEY, settings.DATA_DIR = "", tmp_path
    settings.DEFAULT_FROM_EMAIL = "avisos@pregao.example"
    assert ensure_key(device_count=0) == "on"
    key = vapid.key_text()
    assert ensure_key(device_count=3) == "on"
    assert vapid.key_text() == key


def test_setup_says_that_the_key_of_devices_is_missing(settings, tmp_path):
    settings.VAPID_KEY, settings.DATA_DIR = "", tmp_path
    assert ensure_key(device_count=3).startswith("OFF: 3 devices are subscribed")
    assert not vapid.key_path().exists()


def test_keys_are_saved_and_restored_apart_from_the_data(settings, tmp_path, capsys):
    settings.VAPID_KEY, settings.DATA_DIR = "", tmp_path
    vapid.create_key()
    key, file = vapid.key_text(), tmp_path / "away" / "keys.json"
    call_command("backup", keys=file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert key in file.read_text()
    with pytest.raises(SystemExit, match="already exists"):
        call_command("backup", keys=file)

    vapid.key_path().unlink()
    call_command("restore", keys=file)
    assert vapid.key_text() == key
    assert (tmp_path / "secret-key").read_text() == settings.SECRET_KEY
    vapid.key_path().write_text("another")
    with pytest.raises(SystemExit, match="has another key"):
        call_command("restore", keys=file)
    assert vapid.key_text() == "another"
