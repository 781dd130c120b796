"""Gotify: an application on the user's own server (https://gotify.net/docs/pushmsg).

The address is the server's URL, the secret the application's token.
"""

import re
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.http import AddressError, AddressPolicy, HttpClient, check_url
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

TOKEN = re.compile(r"[A-Za-z0-9._-]{10,64}")
MAX_TITLE, MAX_MESSAGE = 250, 10_000  # our own limits: Gotify documents none
PRIORITY = 5  # Gotify's app makes a sound from 4 on


class GotifyTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        try:
            parts = check_url(address, self._client.policy or AddressPolicy())
        except AddressError as error:
            raise invalid(str(error)) from error
        if parts.query:
            raise invalid(_("isto não é o endereço de um servidor Gotify"))
        if not TOKEN.fullmatch(secret):
            raise invalid(_("isto não é o token de um aplicativo do Gotify"))
        return Target(parts.geturl().rstrip("/").removesuffix("/message"), secret)

    def send(self, message: Message) -> None:
        target = self.check(message.address, message.secret)
        payload: dict[str, Any] = {
            "title": cut(message.subject, limit=MAX_TITLE),
            "message": cut(message.text or message.subject, limit=MAX_MESSAGE),
            "priority": PRIORITY,
            "extras": {"client::display": {"contentType": "text/plain"}},
        }
        if message.url:
            payload["extras"] |= {"client::notification": {"click": {"url": message.url}}}
        headers = {"X-Gotify-Key": target.secret}
        reply = post(self._client, f"{target.address}/message", json=payload, headers=headers)
        answer = parse_object(reply)
        if not is_success(reply):
            raise refusal(reply, answer.get("errorDescription"), secret=target.secret)
        if "id" not in answer:
            raise TransportError(UNEXPECTED)
