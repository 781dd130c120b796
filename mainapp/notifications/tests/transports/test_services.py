"""Each service's documented request and refusals."""

import json
from urllib.parse import parse_qs

import pytest

from mainapp.notifications.tests.transports.conftest import (
    APP,
    BOT,
    DISCORD_TOKEN,
    KEY,
    SERVICES,
)
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.text import utf16_length

MARKUP = "@everyone <@1> <!channel> *a* _b_ `c` [d](https://e.example) <b>f</b> & g"
LONG = "ç👍🏽" * 20_000


@pytest.fixture
def deliver(client, receiver, message):
    """Return a function that sends through a service and returns (path, headers, body)."""

    def deliver(kind, address="", secret="", **fields):
        service = SERVICES[kind]
        receiver.body = service.success
        typed = (address, secret) if address else service.typed
        transport = service.transport(client)
        target = transport.check(*typed)
        transport.send(message(target.address, secret=target.secret, **fields))
        path, headers, body = receiver.requests[-1]
        is_json = headers["content-type"] == "application/json"
        return path, headers, json.loads(body) if is_json else parse_qs(body.decode())

    return deliver


def refused(deliver, kind, **fields):
    with pytest.raises(TransportError) as error:
        deliver(kind, **fields)
    return error.value


@pytest.fixture
def set_answer(receiver, monkeypatch):
    """Return a function that makes a service respond with a status and a JSON body."""

    def set_answer(kind, status, body):
        receiver.status = status
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        monkeypatch.setitem(
            SERVICES, kind, type(SERVICES[kind])(**{**vars(SERVICES[kind]), "success": raw})
        )

    return set_answer


def test_telegram_gets_plain_text_without_mentions(deliver):
    path, _headers, body = deliver("telegram", text=MARKUP)
    shown = MARKUP.replace("@", "@\u2060")
    assert path == f"/bot{BOT}/sendMessage"
    assert body == {
        "chat_id": "-1001234567890",
        "text": f"PETR4 caiu\n{shown}\nhttps://pregao.example/alerts/",
        "link_preview_options": {"is_disabled": True},
    }


def test_telegram_topic_and_channel_name(deliver):
    assert deliver("telegram", "-100123:42", BOT)[2]["message_thread_id"] == 42
    assert deliver("telegram", "@precos_b3", BOT)[2]["chat_id"] == "@precos_b3"


def test_telegram_length_counts_utf16(deliver):
    text = deliver("telegram", text=LONG)[2]["text"]
    assert 4090 <= utf16_length(text) <= 4096
    assert text.endswith("…\nhttps://pregao.example/alerts/")


def test_telegram_reports_the_new_number_of_a_moved_group(deliver, set_answer):
    set_answer("telegram", 400, {"ok": False, "parameters": {"migrate_to_chat_id": -100999}})
    error = refused(deliver, "telegram")
    assert (error.permanent, error.new_address) == (False, "-100999")


def test_telegram_pause_is_read_from_the_body(deliver, set_answer):
    set_answer("telegram", 429, {"ok": False, "description": "x", "parameters": {"retry_after": 9}})
    assert refused(deliver, "telegram").retry_after_s == 9


def test_telegram_reason_is_shown(deliver, set_answer):
    set_answer("telegram", 403, {"description": "Forbidden: bot was blocked by the user"})
    assert str(refused(deliver, "telegram")) == "403 Forbidden: bot was blocked by the user"


def test_discord_gets_escaped_text_without_mentions(deliver):
    path, _headers, body = deliver("discord", text=MARKUP)
    assert path == f"/api/webhooks/4174216298/{DISCORD_TOKEN}?wait=true"
    assert body["allowed_mentions"] == {"parse": []}
    assert body["content"] == (
        "PETR4 caiu\n@everyone \\<@1\\> \\<!channel\\> \\*a\\* \\_b\\_ \\`c\\` "
        "\\[d\\]\\(https://e.example\\) \\<b\\>f\\</b\\> & g\nhttps://pregao.example/alerts/"
    )


def test_discord_escape_is_not_cut_in_two(deliver):
    for text in ("*" * 4000, "a" + "*" * 4000):
        content = deliver("discord", text=text)[2]["content"]
        assert utf16_length(content) <= 2000
        stars = content.split("\n")[1].removeprefix("a").removesuffix("…")
        assert stars == "\\*" * (len(stars) // 2)


def test_discord_accepts_old_hosts_versions_and_threads(deliver):
    url = f"https://canary.discordapp.com/api/v10/webhooks/4174216298/{DISCORD_TOKEN}"
    path, headers, _body = deliver("discord", f"{url}?thread_id=998877")
    assert headers["host"] == "discord.com"
    assert path.endswith(f"{DISCORD_TOKEN}?wait=true&thread_id=998877")


def test_discord_deleted_webhook_is_refused(deliver, set_answer):
    set_answer("discord", 404, {"message": "Unknown Webhook", "code": 10015})
    error = refused(deliver, "discord")
    assert (str(error), error.permanent) == ("404 Unknown Webhook", True)


def test_discord_pause_may_be_a_fraction(deliver, set_answer):
    set_answer("discord", 429, {"message": "You are being rate limited.", "retry_after": 0.65})
    assert refused(deliver, "discord").retry_after_s == 0.65


def test_slack_gets_entities_without_markup(deliver):
    path, _headers, body = deliver("slack", text=MARKUP)
    assert path == "/services/T1JJ3T3L2/B1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert body["mrkdwn"] is False
    assert "&lt;@1&gt; &lt;!channel&gt;" in body["text"]
    assert "&amp; g" in body["text"]
    assert len(deliver("slack", text="&" * 5000)[2]["text"]) <= 4000


@pytest.mark.parametrize(("status", "reason"), [(404, "no_service"), (410, "channel_is_archived")])
def test_slack_reason_is_shown(deliver, set_answer, status, reason):
    set_answer("slack", status, reason.encode())
    error = refused(deliver, "slack")
    assert (str(error), error.permanent) == (f"{status} {reason}", True)


def test_pushover_gets_a_form(deliver):
    path, _headers, body = deliver("pushover", text=MARKUP)
    assert path == "/1/messages.json"
    assert body == {
        "token": [APP],
        "user": [KEY],
        "title": ["PETR4 caiu"],
        "message": [MARKUP],
        "url": ["https://pregao.example/alerts/"],
    }
    assert len(deliver("pushover", text=LONG)[2]["message"][0]) <= 1024


def test_pushover_reasons_are_shown(deliver, set_answer):
    set_answer("pushover", 400, {"status": 0, "errors": ["user key is invalid"]})
    error = refused(deliver, "pushover")
    assert (str(error), error.permanent) == ("400 user key is invalid", True)


def test_ntfy_gets_json_and_the_token(deliver):
    path, headers, body = deliver("ntfy", text=MARKUP)
    assert path == "/"
    assert headers["authorization"] == "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"
    assert body == {
        "topic": "meus-avisos",
        "title": "PETR4 caiu",
        "message": MARKUP,
        "click": "https://pregao.example/alerts/",
    }
    assert len(deliver("ntfy", text=LONG)[2]["message"].encode()) <= 4096
    assert "authorization" not in deliver("ntfy", "https://ntfy.example/x", "")[1]


def test_gotify_gets_json_and_the_key(deliver):
    path, headers, body = deliver("gotify", text=MARKUP)
    assert path == "/sub/message"
    assert headers["x-gotify-key"] == "AbCdEf12345.-_x"
    assert (body["title"], body["message"]) == ("PETR4 caiu", MARKUP)
    assert body["extras"]["client::display"] == {"contentType": "text/plain"}
    assert body["extras"]["client::notification"]["click"]["url"].endswith("/alerts/")


@pytest.mark.parametrize(
    ("kind", "address", "secret"),
    [
        ("telegram", "-100", "123:short"), ("telegram", "name", BOT), ("telegram", "-1/../x", BOT),
        ("telegram", "-100", f"{BOT}/x"), ("telegram", "-100", f"bot{BOT}"),
        ("discord", f"https://discord.com.x.example/api/webhooks/4174216298/{DISCORD_TOKEN}", ""),
        ("discord", f"http://discord.com/api/webhooks/4174216298/{DISCORD_TOKEN}", ""),
        ("discord", f"https://discord.com/api/webhooks/4174216298/{DISCORD_TOKEN}/slack", ""),
        ("discord", f"https://discord.com/api/webhooks/4174216298/{DISCORD_TOKEN}?x=1", ""),
        ("discord", "https://discord.com/api/webhooks/4174216298", "../../x"),
        ("slack", "https://hooks.slack.com/services/T1JJ3T3L2/B1BRTD4JD", ""),
        ("slack", "https://evil.example/services/T1JJ3T3L2/B1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", ""),
        ("slack", "https://hooks.slack.com/triggers/T1JJ3T3L2/1/TIiajkdnlazkcOXrIdevi7FQ", ""),
        ("pushover", KEY, "short"), ("pushover", "short", APP), ("pushover", f"{KEY}&", APP),
        ("ntfy", "https://ntfy.sh/", ""), ("ntfy", "https://ntfy.sh/a/b", ""),
        ("ntfy", "https://ntfy.sh/a?auth=x", ""), ("ntfy", "http://ntfy.sh/a", ""),
        ("ntfy", "https://127.0.0.1/a", ""), ("ntfy", "https://ntfy.sh/a", "password"),
        ("ntfy", "https://user:pw@ntfy.sh/a", ""), ("ntfy", "ntfy://a", ""),
        ("gotify", "https://10.0.0.1/", "AbCdEf12345.-_x"), ("gotify", "https://g.example/", "x"),
        ("gotify", "https://g.example/?token=x", "AbCdEf12345.-_x"),
        ("gotify", "https://g.example:8080/", "AbCdEf12345.-_x"),
    ],
)  # fmt: skip
def test_address_of_another_service_is_refused(client, connections, kind, address, secret):
    with pytest.raises(TransportError) as error:
        SERVICES[kind].transport(client).check(address, secret)
    assert error.value.permanent
    assert connections == []
