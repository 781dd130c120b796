"""ntfy: a topic on ntfy.sh or on another server (https://docs.ntfy.sh/publish/).

The address is the topic's URL, the secret an access token if the topic requires one.
"""

import re

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
from mainapp.notifications.transports.text import cut, utf8_length

TOPIC = re.compile(r"/([A-Za-z0-9_-]{1,64})/?")
TOKEN = re.compile(r"tk_[A-Za-z0-9]{10,60}")
MAX_TITLE = 250
MAX_MESSAGE = 4096  # bytes; ntfy turns a longer text into an attached file


class NtfyTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        base, topic = self._split(address)
        if secret and not TOKEN.fullmatch(secret):
            raise invalid(_("um token de acesso do ntfy começa com tk_"))
        return Target(f"{base}/{topic}", secret)

    def send(self, message: Message) -> None:
        base, topic = self._split(message.address)
        payload = {
            "topic": topic,
            "title": cut(message.subject, limit=MAX_TITLE),
            "message": cut(message.text or message.subject, limit=MAX_MESSAGE, measure=utf8_length),
        }
        if message.url:
            payload["click"] = message.url
        headers = {"Authorization": f"Bearer {message.secret}"} if message.secret else {}
        reply = post(self._client, base, json=payload, headers=headers)
        answer = parse_object(reply)
        if not is_success(reply):
            raise refusal(reply, answer.get("error"), secret=message.secret)
        if "id" not in answer:
            raise TransportError(UNEXPECTED)

    def _split(self, address: str) -> tuple[str, str]:
        """Return the server and the topic of a topic's URL."""
        try:
            parts = check_url(address, self._client.policy or AddressPolicy())
        except AddressError as error:
            raise invalid(str(error)) from error
        topic = TOPIC.fullmatch(parts.path)
        if topic is None or parts.query:
            raise invalid(_("falta o nome do tópico, como em https://ntfy.sh/meu-topico"))
        return f"{parts.scheme}://{parts.netloc}", topic[1]
