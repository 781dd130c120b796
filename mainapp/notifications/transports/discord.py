"""Discord: a webhook of a channel (https://discord.com/developers/docs/resources/webhook).

The address is the webhook's URL without its last part, the token, which is the secret.
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
from mainapp.notifications.transports.text import compose, utf16_length

BASE = "https://discord.com/api/webhooks/"
URL = re.compile(
    r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/"
    r"(?P<id>[0-9]{5,25})/(?P<token>[A-Za-z0-9_-]{20,128})/?(?P<thread>\?thread_id=[0-9]{5,25})?"
)
ADDRESS = re.compile(re.escape(BASE) + r"(?P<id>[0-9]{5,25})(?P<thread>\?thread_id=[0-9]{5,25})?")
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}")
# Documented limit of `content`; a longer message is refused.
MAX_LENGTH = 2000
MARKUP = frozenset("\\`*_~|>#[]()<-+")
SUPPRESS_EMBEDS = 1 << 2  # a flag of messages: links get no preview


class DiscordTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        if match := URL.fullmatch(address):
            return Target(f"{BASE}{match['id']}{match['thread'] or ''}", match["token"])
        if ADDRESS.fullmatch(address) and TOKEN.fullmatch(secret):
            return Target(address, secret)
        raise invalid(_("isto não é a URL de um webhook do Discord"))

    def send(self, message: Message) -> None:
        target = self.check(message.address, message.secret)
        base, _question, query = target.address.partition("?")
        query = f"wait=true&{query}" if query else "wait=true"  # reply only once it is stored
        payload = {
            "content": compose(message, limit=MAX_LENGTH, escape=_escape, measure=utf16_length),
            "allowed_mentions": {"parse": []},  # @everyone and other mentions notify nobody
            "flags": SUPPRESS_EMBEDS,
        }
        reply = post(self._client, f"{base}/{target.secret}?{query}", json=payload)
        answer = parse_object(reply)
        if not is_success(reply):
            raise refusal(
                reply,
                answer.get("message"),  # `Unknown Webhook` with 404
                secret=target.secret,
                retry_after_s=answer.get("retry_after"),
            )
        if "id" not in answer:
            raise TransportError(UNEXPECTED)


def _escape(character: str) -> str:
    return f"\\{character}" if character in MARKUP else character
