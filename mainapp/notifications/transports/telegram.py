"""Telegram: a bot's messages to a chat (https://core.telegram.org/bots/api#sendmessage).

The address is the chat, or `chat:number` for a topic in it; the secret is the bot's token.
"""

import re
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.http import HttpClient, Reply
from mainapp.notifications.transports.base import Message, Target, TransportError
from mainapp.notifications.transports.posting import (
    UNEXPECTED,
    invalid,
    is_success,
    parse_object,
    post,
    refusal,
)
from mainapp.notifications.transports.text import compose, utf16_length

TOKEN = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{30,64}")
CHAT = re.compile(r"(?P<chat>-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})(?P<topic>:[0-9]{1,10})?")
# Documented limit of `text`; a longer message is refused.
MAX_LENGTH = 4096


class TelegramTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        if not TOKEN.fullmatch(secret):
            raise invalid(_("isto não é o token de um bot, como 123456789:AAE…"))
        if not CHAT.fullmatch(address):
            raise invalid(_("isto não é o número de uma conversa nem o @nome de um canal"))
        return Target(address, secret)

    def send(self, message: Message) -> None:
        match = CHAT.fullmatch(self.check(message.address, message.secret).address)
        assert match
        payload: dict[str, Any] = {
            "chat_id": match["chat"],
            "text": compose(
                message, limit=MAX_LENGTH, escape=_escape, measure=utf16_length
            ),  # without a parse mode Telegram interprets no markup
            "link_preview_options": {"is_disabled": True},
        }
        if match["topic"]:
            payload["message_thread_id"] = int(match["topic"][1:])
        url = f"https://api.telegram.org/bot{message.secret}/sendMessage"
        reply = post(self._client, url, json=payload)
        answer = parse_object(reply)
        if not is_success(reply):
            raise _refusal(reply, answer, message, topic=match["topic"] or "")
        if answer.get("ok") is not True:
            raise TransportError(UNEXPECTED)


def _refusal(
    reply: Reply, answer: dict[str, Any], message: Message, *, topic: str
) -> TransportError:
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    new_chat = str(parameters.get("migrate_to_chat_id", ""))
    if CHAT.fullmatch(new_chat):  # the group became a supergroup
        return TransportError(
            _("o grupo mudou de número"), retry_after_s=0, new_address=new_chat + topic
        )
    return refusal(
        reply,
        answer.get("description"),
        secret=message.secret,
        retry_after_s=parameters.get("retry_after"),
    )


def _escape(character: str) -> str:
    """Put an invisible word joiner after `@`, so that `@name` notifies nobody."""
    return "@\u2060" if character == "@" else character
