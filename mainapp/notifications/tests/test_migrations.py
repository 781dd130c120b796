"""The conversion of Apprise addresses, run forwards and backwards on the real tables."""

from importlib import import_module

import pytest

from mainapp.core.tests.migrating import migrated_to
from mainapp.notifications.models import Channel, Delivery
from mainapp.notifications.services.delivering import transports
from mainapp.notifications.tests.factories import channel, delivery
from mainapp.notifications.tests.transports.conftest import APP, BOT, DISCORD_TOKEN, KEY

migration = import_module("mainapp.notifications.migrations.0002_services")
BEFORE = [("notifications", "0001_initial")]

CONVERTED = {
    f"tgram://{BOT}/-1001234": [("telegram", "-1001234", BOT)],
    f"tgram://bot{BOT}/precos_b3/": [("telegram", "@precos_b3", BOT)],
    f"tgram://{BOT}/1/@precos/-7:42": [
        ("telegram", "1", BOT), ("telegram", "@precos", BOT), ("telegram", "-7:42", BOT)
    ],
    f"discord://4174216298/{DISCORD_TOKEN}": [
        ("discord", "https://discord.com/api/webhooks/4174216298", DISCORD_TOKEN)
    ],
    f"discord://Bot@4174216298/{DISCORD_TOKEN}/": [
        ("discord", "https://discord.com/api/webhooks/4174216298", DISCORD_TOKEN)
    ],
    "slack://T1JJ3T3L2/B1BRTD4JD/TIiajkdnlazkcOXr/#general": [
        ("slack", "https://hooks.slack.com/services/T1JJ3T3L2/B1BRTD4JD", "TIiajkdnlazkcOXr")
    ],
    f"pover://{KEY}@{APP}": [("pushover", KEY, APP)],
    f"pover://{KEY}@{APP}/phone": [("pushover", KEY, APP)],
    "ntfy://meus-avisos": [("ntfy", "https://ntfy.sh/meus-avisos", "")],
    "ntfys://meus-avisos/": [("ntfy", "https://ntfy.sh/meus-avisos", "")],
    "ntfys://tk_abcdefghij@ntfy.example/t": [("ntfy", "https://ntfy.example/t", "tk_abcdefghij")],
    "ntfy://ntfy.sh/meus-avisos": [("ntfy", "https://ntfy.sh/meus-avisos", "")],
    "ntfys://ntfy.example/a/b": [
        ("ntfy", "https://ntfy.example/a", ""), ("ntfy", "https://ntfy.example/b", "")
    ],
    "gotifys://gotify.example/AbCdEf12345._-": [
        ("gotify", "https://gotify.example", "AbCdEf12345._-")
    ],
    "GOTIFYS://gotify.example/AbCdEf12345._-?priority=high&format=text": [
        ("gotify", "https://gotify.example", "AbCdEf12345._-")
    ],
}  # fmt: skip
LEFT = [
    "tgram://123:abc", f"tgram://{BOT}/a b", "ntfys://u:p@ntfy.example/t", "matrix://u:p@host/#room",
    "mailto://u:p@x.com", "gotify://192.168.0.2/AbCdEf12345._-", "", "nonsense", "discord://1",
    f"discord://4174216298/{DISCORD_TOKEN}?thread=1", "jsons://hook.example/a?-k=v",
    "ntfy://ntfy.example/t",
]  # fmt: skip


@pytest.mark.parametrize("url", CONVERTED)
def test_converted_address_is_valid_for_its_transport(url):
    converted = migration.convert(url)
    assert converted == CONVERTED[url]
    for kind, address, secret in converted:
        target = transports()[kind].check(address, secret)
        assert (target.address, target.secret) == (address, secret)


@pytest.mark.parametrize("url", LEFT)
def test_address_of_an_unsupported_service_is_left_unchanged(url):
    assert migration.convert(url) == []


def test_json_address_becomes_a_webhook_with_a_new_key():
    for url, address in (
        ("jsons://hook.example/a", "https://hook.example/a"),
        ("json://hook.example", "http://hook.example/"),
    ):
        [(kind, converted, secret)] = migration.convert(url)
        assert (kind, converted) == ("webhook", address)
        assert len(secret) > 40


@pytest.mark.parametrize("url", [url for url, targets in CONVERTED.items() if len(targets) == 1])
def test_reverted_address_converts_to_the_same_target(url):
    [(kind, address, secret)] = CONVERTED[url]
    assert migration.convert(migration.revert(kind, address, secret)) == [(kind, address, secret)]


def rows(alice):
    channels = Channel.objects.filter(user=alice).order_by("pk")
    return list(channels.values_list("kind", "address", "secret"))


@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_rows_are_converted_and_reverted(alice):
    telegram = channel(alice, kind="apprise", address=f"tgram://{BOT}/1/2", is_active=False)
    channel(alice, kind="apprise", address="ntfy://meus-avisos")
    channel(alice, kind="apprise", address="ntfys://meus-avisos")  # a second spelling of it
    channel(alice, kind="apprise", address="matrix://host/room")
    channel(alice, kind="webhook", address="https://hook.example/", secret="own")
    sent = delivery(f"tgram://{BOT}/1/2", kind="apprise", channel_id=telegram.pk, user=alice)
    orphan = delivery(f"pover://{KEY}@{APP}", kind="apprise", user=alice)
    with migrated_to(BEFORE):
        assert rows(alice)[0] == ("apprise", f"tgram://{BOT}/1/2", "")

    assert sorted(rows(alice)) == sorted(
        [
            ("telegram", "1", BOT),
            ("telegram", "2", BOT),
            ("ntfy", "https://ntfy.sh/meus-avisos", ""),
            ("apprise", "ntfys://meus-avisos", ""),
            ("apprise", "matrix://host/room", ""),
            ("webhook", "https://hook.example/", "own"),
        ]
    )
    chats = Channel.objects.filter(kind="telegram")
    assert {chat.is_active for chat in chats} == {False}
    assert all(chat.verified_at for chat in chats)
    for row in (sent, orphan):
        row.refresh_from_db()
    assert (sent.kind, sent.address, sent.channel_id) == ("telegram", "1", telegram.pk)
    assert (orphan.kind, orphan.address) == ("pushover", KEY)
    assert not Delivery.objects.filter(address__contains=BOT).exists()

    with migrated_to(BEFORE):
        assert ("apprise", f"tgram://{BOT}/1", "") in rows(alice)
        addresses = Delivery.objects.filter(pk=sent.pk).values_list("address", flat=True)
        assert addresses.get() == f"tgram://{BOT}/1"
