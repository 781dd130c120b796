"""Webhooks: a signed JSON POST to the user's own address.

    POST /… HTTP/1.1
    Content-Type: application/json
    X-Pregao-Delivery: <id@domain>            the same in every attempt
    X-Pregao-Signature: t=1767225600,v1=<hex>

    {"id": "<id@domain>", "title": …, "text": …, "url": …, "created_at": "2026-01-01T00:00:00Z"}

`v1` is the HMAC-SHA256, with the channel's secret as key, of the number after `t=`, a full stop,
and the body as sent. Receivers should also refuse an old `t` (seconds since 1970). Any 2xx answer
confirms the delivery; redirects are not followed.
"""

import hashlib
import hmac
import json
import time
from datetime import UTC
from http import HTTPStatus

from mainapp.core.http import AddressError, AddressPolicy, HttpClient, check_url
from mainapp.notifications.transports.base import Message, Target, TransportError
from mainapp.notifications.transports.posting import invalid, is_success, post

USER_AGENT = "Pregao-Webhook"


class WebhookTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        try:
            parts = check_url(address, self._client.policy or AddressPolicy())
        except AddressError as error:
            raise invalid(str(error)) from error
        return Target(parts.geturl(), secret)

    def send(self, message: Message) -> None:
        body = build_body(message)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-Pregao-Delivery": message.message_id,
            "X-Pregao-Signature": signature(message.secret, body, at=int(time.time())),
        }
        reply = post(self._client, message.address, content=body, headers=headers)
        if is_success(reply):
            return
        # Unlike a chat service's, a 404 of the user's own server may be a release in progress.
        is_permanent = reply.status == HTTPStatus.GONE or 300 <= reply.status < 400
        raise TransportError(
            f"{reply.status} {reply.reason}",
            permanent=is_permanent,
            retry_after_s=reply.retry_after_s,
        )


def build_body(message: Message) -> bytes:
    created_at = message.created_at.astimezone(UTC).isoformat(timespec="seconds")
    return json.dumps(
        {
            "id": message.message_id,
            "title": message.subject,
            "text": message.text,
            "url": message.url,
            "created_at": created_at.replace("+00:00", "Z"),
        },
        ensure_ascii=False,
    ).encode()


def signature(secret: str, body: bytes, *, at: int) -> str:
    """Return the value of X-Pregao-Signature; `at` in seconds since 1970."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
