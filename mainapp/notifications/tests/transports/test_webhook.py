import hashlib
import hmac
import json
import time

import pytest

from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.webhook import WebhookTransport, signature

URL = "https://hook.example/a?b=c"


def test_message_is_signed(client, receiver, message):
    before = int(time.time())
    WebhookTransport(client).send(message(URL, secret="segredo"))

    [(path, headers, body)] = receiver.requests
    assert path == "/a?b=c"
    assert json.loads(body) == {
        "id": "<firing.7@pregao.example>",
        "title": "PETR4 caiu",
        "text": "R$ 36,00",
        "url": "https://pregao.example/alerts/",
        "created_at": "2026-01-02T13:00:00Z",
    }
    assert headers["host"] == "hook.example"
    assert headers["user-agent"] == "Pregao-Webhook"
    assert headers["x-pregao-delivery"] == "<firing.7@pregao.example>"
    at, digest = (part.split("=")[1] for part in headers["x-pregao-signature"].split(","))
    assert before <= int(at) <= time.time()
    assert digest == hmac.new(b"segredo", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert signature("outro", body, at=int(at)) != headers["x-pregao-signature"]


@pytest.mark.parametrize(
    ("status", "permanent"), [(500, False), (404, False), (429, False), (410, True)]
)
def test_status_other_than_2xx_is_an_error(client, receiver, message, status, permanent):
    receiver.status = status
    with pytest.raises(TransportError, match=str(status)) as failed:
        WebhookTransport(client).send(message(URL))

    assert failed.value.permanent is permanent


def test_unknown_host_is_retried(client, message):
    with pytest.raises(TransportError, match="não foi encontrado") as failed:
        WebhookTransport(client).send(message("https://nowhere.invalid/"))

    assert not failed.value.permanent
