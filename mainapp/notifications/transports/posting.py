"""The POST request that all HTTP transports share, and the errors for its responses."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.http import (
    AddressError,
    AddressPolicy,
    Fault,
    HttpClient,
    HttpError,
    Reply,
    check_target,
)
from mainapp.core.private_targets import PrivateTargets
from mainapp.notifications.transports.base import TransportError

USER_AGENT = "Pregao"
RESOLVE_TIMEOUT_S = 2.0  # short, because a person waits for the form
UNEXPECTED = _("o serviço respondeu algo diferente do que documenta")
TEXTS: Mapping[Fault, str] = {
    "timeout": _("o servidor não respondeu a tempo"),
    "unknown_host": _("o nome do servidor não foi encontrado"),
    "too_big": UNEXPECTED,
    "bad_reply": UNEXPECTED,
}
TEMPORARY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


def build_client(*, allow_http: bool = False, targets: PrivateTargets | None = None) -> HttpClient:
    """Return the client for addresses that users choose; responses are cut at 64 KiB."""
    schemes = frozenset({"https", "http"} if allow_http else {"https"})
    return HttpClient(
        headers={"User-Agent": USER_AGENT},
        policy=AddressPolicy(schemes=schemes, targets=targets or PrivateTargets()),
        truncates=True,
    )


def check_server(client: HttpClient, url: str) -> None:
    """Check the current addresses of a user's server, so that the form can refuse them at once.

    Raises: TransportError.
    """
    try:
        check_target(url, client.policy or AddressPolicy(), timeout=RESOLVE_TIMEOUT_S)
    except AddressError as error:
        raise invalid(str(error)) from error


def post(
    client: HttpClient,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> Reply:
    """Return the response to one POST, whatever its status. Raises: TransportError without one."""
    try:
        return client.request("POST", url, headers=headers, json=json, data=data, content=content)
    except AddressError as error:
        raise TransportError(str(error), permanent=True) from error
    except HttpError as error:
        raise TransportError(TEXTS.get(error.fault, str(error))) from error


def is_success(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def refusal(
    reply: Reply, reason: object = "", *, secret: str = "", retry_after_s: object = None
) -> TransportError:
    """Return the error for a response that is not a success.

    Redirects and 4xx are permanent, except 408, 425 and 429. `reason` and `retry_after_s` are the
    service's explanation and the pause in the body; without that pause, Retry-After is used.
    """
    text = f"{reply.status} {reason if isinstance(reason, str) and reason else reply.reason}"
    pause = retry_after_s if isinstance(retry_after_s, int | float) else reply.retry_after_s
    return TransportError(
        text.replace(secret, "…") if secret else text,
        permanent=300 <= reply.status < 500 and reply.status not in TEMPORARY,
        retry_after_s=None if isinstance(pause, bool) else pause,
    )


def parse_object(reply: Reply) -> dict[str, Any]:
    """Return the JSON object in a response, an empty dict for any other body."""
    try:
        parsed = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def invalid(text: str) -> TransportError:
    """Return the error for a string that can never be an address of the service."""
    return TransportError(text, permanent=True)
