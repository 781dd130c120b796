"""Pushover: a user's devices (https://pushover.net/api).

The address is the key of a user or a group, the secret an application's token.
"""

import re

from django.utils.translation import gettext_noop as _

from mainapp.core.http import HttpClient
from mainapp.notifications.transports.base import Message, Target, TransportError
from mainapp.notifications.transports.posting import (
    UNEXPECTED,
    invalid,
    is_success,
    parse_object,
    post,
    refusal,
)
from mainapp.notifications.transports.text import cut

URL = "https://api.pushover.net/1/messages.json"
KEY = re.compile(r"[A-Za-z0-9]{30}")
# Documented limits; a longer message is refused.
MAX_TITLE, MAX_MESSAGE, MAX_URL = 250, 1024, 512


class PushoverTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        if not KEY.fullmatch(address):
            raise invalid(_("a chave do usuário tem 30 letras e números"))
        if not KEY.fullmatch(secret):
            raise invalid(_("o token do aplicativo tem 30 letras e números"))
        return Target(address, secret)

    def send(self, message: Message) -> None:
        target = self.check(message.address, message.secret)
        data = {
            "token": target.secret,
            "user": target.address,
            "title": cut(message.subject, limit=MAX_TITLE),
            "message": cut(message.text or message.subject, limit=MAX_MESSAGE),
        }
        if message.url and len(message.url) <= MAX_URL:
            data["url"] = message.url
        reply = post(self._client, URL, data=data)
        answer = parse_object(reply)
        if not is_success(reply):
            raise refusal(reply, _reason(answer), secret=target.secret)
        if answer.get("status") != 1:
            raise TransportError(UNEXPECTED)


def _reason(answer: dict[str, object]) -> str:
    errors = answer.get("errors")
    return "; ".join(map(str, errors)) if isinstance(errors, list) else ""
