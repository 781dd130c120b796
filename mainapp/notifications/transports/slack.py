"""Slack: an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

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
    post,
    refusal,
)
from mainapp.notifications.transports.text import compose

ADDRESS = re.compile(r"https://hooks\.slack(?:-gov)?\.com/services/T[A-Z0-9]{5,20}/B[A-Z0-9]{5,20}")
TOKEN = re.compile(r"[A-Za-z0-9]{16,64}")
MAX_LENGTH = 4000  # Slack's recommendation; Slack itself cuts at 40,000
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}  # so `<!channel>` and `<@U1>` notify nobody
REASON = re.compile(r"[a-z_]{1,60}")  # `no_service`, `channel_is_archived`, …


class SlackTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        if not ADDRESS.fullmatch(address):
            address, _slash, secret = address.rstrip("/").rpartition("/")
        if not ADDRESS.fullmatch(address) or not TOKEN.fullmatch(secret):
            raise invalid(_("isto não é a URL de um webhook do Slack"))
        return Target(address, secret)

    def send(self, message: Message) -> None:
        target = self.check(message.address, message.secret)
        payload = {
            "text": compose(message, limit=MAX_LENGTH, escape=_escape),
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        reply = post(self._client, f"{target.address}/{target.secret}", json=payload)
        reason = reply.text.strip()
        if not is_success(reply):
            raise refusal(reply, reason if REASON.fullmatch(reason) else "", secret=target.secret)
        if reason != "ok":
            raise TransportError(UNEXPECTED)


def _escape(character: str) -> str:
    return ENTITIES.get(character, character)
