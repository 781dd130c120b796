from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.notifications.forms import KIND_FIELDS
from mainapp.notifications.models import Channel, Delivery
from mainapp.notifications.policies import CHANNEL_MESSAGES, CODE_TRIES, MAX_CHANNELS
from mainapp.notifications.selectors.channels import deliveries_for
from mainapp.notifications.services.channels import add_channel, enter_code, link_key, send_test
from mainapp.notifications.services.delivering import transports, url_client
from mainapp.notifications.services.outbox import claim_due, record_attempt
from mainapp.notifications.tests.factories import channel, delivery
from mainapp.notifications.tests.transports.conftest import SERVICES
from mainapp.notifications.transports.base import TransportError

# Of the kinds that have a form: a browser sends its subscription by itself.
TYPED = {
    kind: service.typed for kind, service in SERVICES.items() if kind not in ("push", "webhook")
}


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def own_network(settings):
    """Return a function that sets ALLOWED_PRIVATE_TARGETS until the test ends."""

    def clear():
        url_client.cache_clear()
        transports.cache_clear()

    def allow(*items):
        settings.ALLOWED_PRIVATE_TARGETS = items
        clear()

    yield allow
    clear()


def text(answer):
    return answer.content.decode()


def add(page, kind, address, secret=""):
    return page.post(
        "/notifications/channels/", {"kind": kind, "address": address, "secret": secret}
    )


def test_mail_address_is_used_after_its_link_was_confirmed(page, alice, client, settings):
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
    assert [target.address for target in deliveries_for([alice], "alert")[alice.pk]] == [
        "casa@example.com"
    ]


@pytest.mark.django_db(transaction=True)
def test_exactly_the_limit_of_100_parallel_requests_is_sent(alice):
    """Half of them request another code; half add the same address, which requests its link."""
    gotify = channel(alice, kind="telegram", address="12345", verified_at=None)
    cookie = Client()
    cookie.force_login(alice)

    def request(number):
        client = Client()
        client.cookies = cookie.cookies
        if number % 2:
            path = f"/notifications/channels/{gotify.pk}/verify/"
            answer = client.post(path)
        else:
            answer = add(client, "email", f"casa{number % 4}@example.com")
        connection.close()
        return answer.status_code

    with ThreadPoolExecutor(25) as threads:
        statuses = set(threads.map(request, range(100)))

    assert statuses <= {200, 302}
    assert Delivery.objects.count() == CHANNEL_MESSAGES.seed


@pytest.mark.parametrize("key", ["nothing", "a:b:c", "", None])
def test_forged_link_is_404(client, db, key):
    key = signing.dumps([1, "x"], salt="other") if key is None else key
    assert client.get(f"/notifications/channels/confirm/{key}/").status_code == 404


def test_link_of_another_address_confirms_nothing(client, alice):
    added = channel(alice, verified_at=None)
    key = link_key(added)
    Channel.objects.update(address="stranger@example.com")

    assert client.post(reverse("confirm-channel", args=[key])).status_code == 404


@pytest.mark.parametrize(
    ("kind", "address", "secret"),
    [("webhook", "https://hook.example/x", ""), *((kind, *typed) for kind, typed in TYPED.items())],
)
def test_other_channel_is_used_after_its_code_was_entered(page, alice, kind, address, secret):
    assert add(page, kind, f" {address} ", f" {secret} ").status_code == 302
    added = Channel.objects.get()
    assert added.secret
    assert added.secret not in added.address
    assert kind == "webhook" or added.secret not in text(page.get("/notifications/channels/"))
    assert added.code in Delivery.objects.get().text
    url = reverse("notification-channel", args=[added.pk])
    assert (added.secret in text(page.get(url))) is (kind == "webhook")
    wrong = f"{(int(added.code) + 1) % 10**6:06}"
    assert "não é este" in text(page.post(url, {"code": wrong}))
    assert deliveries_for([alice], "alert")[alice.pk] == []

    assert page.post(url, {"code": added.code}).status_code == 302
    [target] = deliveries_for([alice], "alert")[alice.pk]
    assert target.channel_id == added.pk


def test_code_cannot_be_guessed(alice):
    added = add_channel(
        user=alice, kind="webhook", address="https://hook.example/x", at=timezone.now()
    )
    code = Channel.objects.get().code
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(CODE_TRIES):
        with pytest.raises(DomainError, match="não é este"):
            enter_code(channel=added, code=wrong, at=timezone.now())
    with pytest.raises(DomainError, match="não vale mais"):
        enter_code(channel=added, code=code, at=timezone.now())
    with pytest.raises(DomainError):
        enter_code(channel=added, code="", at=timezone.now())


def test_code_expires(alice):
    added = add_channel(
        user=alice, kind="webhook", address="https://hook.example/x", at=timezone.now()
    )
    with pytest.raises(DomainError, match="não vale mais"):
        enter_code(
            channel=added,
            code=Channel.objects.get().code,
            at=timezone.now() + timedelta(minutes=61),
        )


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "nobody"), ("webhook", "http://10.0.0.1/"), ("webhook", "https://127.1/"),
        ("apprise", "json://127.0.0.1/"), ("apprise", "file:///etc/passwd"), ("email", ""),
        ("telegram", "-100123"), ("discord", "https://discord.com/x"), ("gotify", "https://127.1/"),
        ("ntfy", "https://ntfy.sh/"), ("slack", "x"), ("pushover", "u" * 30),
        ("smoke", "signals"), ("email", "x" * 600),
    ],
)  # fmt: skip
def test_invalid_address_is_shown_as_a_field_error(page, kind, address):
    assert "field-error" in text(add(page, kind, address))
    assert not Channel.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("kind", "address", "secret"),
    [
        ("webhook", "http://nas.local:8123/api/webhook/x", ""),
        ("ntfy", "https://nas.local/avisos", ""),
        ("gotify", "http://192.168.1.7:8080", "AbCdEf12345.-_x"),
    ],
)
def test_server_in_the_own_network_needs_the_operator(
    page, names, own_network, kind, address, secret
):
    names["nas.local"] = [["192.168.1.7"]]
    shown = text(add(page, kind, address, secret))
    assert "field-error" in shown
    assert not Delivery.objects.exists()

    own_network("192.168.1.0/24")
    assert add(page, kind, address, secret).status_code == 302
    assert Channel.objects.get().address == address


def test_private_address_of_a_public_name_is_shown_at_once(page, names):
    names["hook.example"] = [["192.168.1.7"]]

    assert "ALLOWED_PRIVATE_TARGETS" in text(add(page, "webhook", "https://hook.example/x"))


def test_verification_messages_are_limited(alice):
    for number in range(MAX_CHANNELS):
        add_channel(user=alice, kind="email", address=f"{number}@x.com", at=timezone.now())
    with pytest.raises(DomainError, match="canais"):
        add_channel(user=alice, kind="email", address="more@x.com", at=timezone.now())
    for added in Channel.objects.all():
        added.delete()
    assert Delivery.objects.count() == CHANNEL_MESSAGES.seed
    with pytest.raises(DomainError, match="Limite atingido em mensagens de teste"):
        add_channel(user=alice, kind="email", address="more@x.com", at=timezone.now())
    assert not Channel.objects.exists()


def test_test_button_sends_only_to_a_verified_channel(page, alice):
    good, bad = channel(alice), channel(alice, address="new@x.com", verified_at=None)
    for row in (good, bad):
        page.post(reverse("test-channel", args=[row.pk]))

    assert [row.channel for row in Delivery.objects.all()] == [good]
    with pytest.raises(DomainError):
        send_test(channel=bad, at=timezone.now())


def test_channel_is_switched_and_deleted_with_its_waiting_deliveries(page, alice):
    row = channel(alice)
    page.post(reverse("switch-channel", args=[row.pk]), {"is_active": "0"})
    assert deliveries_for([alice], "alert")[alice.pk] == []
    delivery("other@example.com", channel_id=row.pk, user=alice)
    url = reverse("delete-channel", args=[row.pk])
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
        targets = deliveries_for([alice], "a")[alice.pk]
        assert [target.address for target in targets] == addresses
        shown = text(page.get("/notifications/channels/"))
        checked = "true" if on == "1" else "false"
        assert f'aria-checked="{checked}" aria-label="Receber no e-mail da conta"' in shown


def test_deliveries_page_shows_each_attempt_and_no_secrets(page, alice, bob):
    delivery("a" * 26 + "cret", kind="pushover", user=alice, subject="PETR4 caiu")
    delivery("bob@example.com", user=bob)
    [claimed, _other] = claim_due(limit=2, at=timezone.now())
    record_attempt(delivery=claimed, error=None, at=timezone.now())
    shown = text(page.get("/notifications/deliveries/"))

    assert "PETR4 caiu" in shown
    assert "enviada" in shown
    assert "aaaa…" in shown
    assert "cret" not in shown
    assert "bob@example.com" not in shown


@pytest.mark.parametrize("kind", ["email", *TYPED, "webhook"])
def test_form_shows_the_fields_of_the_chosen_kind(page, kind):
    shown = text(page.get("/notifications/channels/", {"kind": kind}))

    assert f'value="{kind}"' in shown
    assert shown.count('aria-current="true"') == 1
    assert ('name="secret"' in shown) is (kind in ("telegram", "pushover", "ntfy", "gotify"))


@pytest.mark.parametrize("kind", ["apprise", "smoke", ""])
def test_form_of_an_unknown_kind_is_the_email_form(page, kind):
    assert 'value="email"' in text(page.get("/notifications/channels/", {"kind": kind}))


def test_form_keeps_the_kind_of_a_refused_address(page):
    shown = text(add(page, "telegram", "-100123", "123:short"))
    assert "token de um bot" in shown
    assert 'value="telegram"' in shown


def test_optional_secret_may_be_omitted(page):
    assert add(page, "ntfy", "https://ntfy.sh/meus-avisos").status_code == 302
    shown = text(page.get("/notifications/channels/"))
    assert "https://ntfy.sh/meu…" in shown
    assert "meus-avisos" not in shown


def test_unsupported_channel_is_shown_but_never_used(page, alice):
    row = channel(alice, kind="apprise", address="matrix://secret@host")
    assert deliveries_for([alice], "alert")[alice.pk] == []
    url = reverse("notification-channel", args=[row.pk])
    for shown in (text(page.get("/notifications/channels/")), text(page.get(url))):
        assert "não é mais aceito" in shown
        assert "secret@" not in shown
    for action in ("test-channel", "verify-channel"):
        page.post(reverse(action, args=[row.pk]))
    assert not Delivery.objects.exists()
    with pytest.raises(DomainError):
        send_test(channel=row, at=timezone.now())


def test_moved_chat_is_retried_at_its_new_address_immediately(alice):
    chat = channel(alice, kind="telegram", address="-100", secret="token")
    sent = delivery("-100", kind="telegram", channel_id=chat.pk, user=alice)
    waiting = delivery("-100", kind="telegram", channel_id=chat.pk, user=alice)
    at = timezone.now()
    [claimed] = claim_due(limit=1, at=at)
    record_attempt(
        delivery=claimed, error=TransportError("moved", retry_after_s=0, new_address="-200"), at=at
    )

    for row in (chat, sent, waiting):
        row.refresh_from_db()
        assert row.address == "-200"
    assert (sent.state, sent.due_at) == ("waiting", at)


def test_requested_pause_is_respected(alice):
    row = delivery(user=alice)
    at = timezone.now()
    [claimed] = claim_due(limit=1, at=at)
    record_attempt(delivery=claimed, error=TransportError("429", retry_after_s=600), at=at)
    row.refresh_from_db()

    assert row.due_at == at + timedelta(seconds=600)


@pytest.mark.parametrize("kind", KIND_FIELDS)
def test_each_kind_has_a_guide_of_a_few_steps(page, kind):
    shown = page.get("/notifications/channels/", {"kind": kind})
    guide = shown.context["form"].guide

    assert 2 <= len(guide.steps) <= 4
    assert all(str(escape(step)) in text(shown) for step in guide.steps)


def test_channel_shows_its_state_and_its_last_message(page, alice):
    own = channel(alice, "telegram", address="-100")
    assert "Nenhuma mensagem ainda" in text(page.get("/notifications/channels/"))
    for state in ("sent", "failed"):
        sent = delivery("-100", kind="telegram", user=alice, channel_id=own.pk)
        Delivery.objects.filter(pk=sent.pk).update(state=state)
    shown = text(page.get("/notifications/channels/"))

    assert "Última mensagem: falhou" in shown
    assert reverse("test-channel", args=[own.pk]) in shown
    assert 'aria-checked="true" aria-label="Receber em \u2068-100\u2069"' in shown
