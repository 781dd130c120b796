"""Other addresses of operations, JSON instead of error pages, and tokens in sockets' addresses."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import orjson
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import translation
from django.utils.translation import gettext_noop as _

from mainapp.api.authentication import session_key_of_access_token
from mainapp.core.consumers import SESSION_ENDED
from mainapp.core.database import RETRY_AFTER_S, is_unavailable
from mainapp.core.errors import api_body, error_frame
from mainapp.core.exceptions import DomainError, code_for_status
from mainapp.core.limits.sockets import refuse_handshake
from mainapp.core.middleware import SESSION_KEY
from mainapp.core.realtime import query

API, PREFIX = "/api/", "/api/v1/"
# Pages below API that are not operations.
PAGES = ("schema/", "docs/")
# Addresses in other services of operations that have another one here.
SYNONYMS = {
    "register/": "accounts/register/",
    "token/": "accounts/token/",
    "token/refresh/": "accounts/refresh/",
    "user/": "accounts/user/",
}
# The reason of a close frame has at most 123 bytes.
USE_A_TICKET = "no token in the address: POST /api/v1/ws-ticket/ and offer ticket.<value>"
HAS_ENDED = "the token in the address has ended"
COPIED_HEADERS = ("Retry-After", "Allow", "Vary")


def answer_in_json(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Replace the HTML error pages of middlewares and of unknown addresses by the API's errors."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_page = not response.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or not is_page or not request.path_info.startswith(PREFIX):
            return response
        with translation.override(translation.get_language_from_request(request)):
            error = DomainError(code_for_status(response.status_code))
            json_response = JsonResponse(api_body(error), status=response.status_code)
        for name in COPIED_HEADERS:
            if name in response:
                json_response[name] = response[name]
        json_response.headers["Cache-Control"] = "no-store"
        return json_response

    return middleware


def accept_other_addresses(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Resolve every address of an operation as its address below /api/v1/, without a redirect.

    A client would repeat a redirected POST as a GET. `request.path` stays as the client wrote it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if f"{request.path_info}/".startswith(API):
            request.path_info = canonical_path(request.path_info)
        return get_response(request)

    return middleware


def canonical_path(path: str) -> str:
    """Return the path below /api/v1/ of any path below /api/, with its final slash."""
    whole = path if path.endswith("/") else f"{path}/"
    rest = whole.removeprefix(API).removeprefix("v1/")
    return API + rest if rest in PAGES else PREFIX + SYNONYMS.get(rest, rest)


class TokenInAddressMiddleware:
    """Refuse sockets with `?token=…`, or authenticate them if SOCKET_TOKEN_IN_URL is set.

    Servers and proxies log addresses. The token is removed from the scope in place, as uvicorn logs
    handshakes from it.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token, scope["query_string"] = _split_token(scope["query_string"])
        if token is None:
            await self.inner(scope, receive, send)
        elif not settings.SOCKET_TOKEN_IN_URL:
            await _refuse(receive, send, USE_A_TICKET)
        else:
            await self._authenticate(scope, receive, send, token)

    async def _authenticate(self, scope: Any, receive: Any, send: Any, token: str) -> None:
        try:
            key = await query(session_key_of_access_token, token)
        except DatabaseError as error:
            if not is_unavailable(error):
                raise
            await refuse_handshake(scope, send, status=503, wait_s=RETRY_AFTER_S)
            return
        if key:
            await self.inner(scope | {SESSION_KEY: key}, receive, send)
        else:
            await _refuse(receive, send, HAS_ENDED)


def _split_token(query_string: bytes) -> tuple[str | None, bytes]:
    """Return the last `token` of a query, None if there is none, and the query without tokens."""
    parts = query_string.split(b"&")
    tokens = [part for part in parts if unquote_plus(part.decode("latin-1")).startswith("token=")]
    if not tokens:
        return None, query_string
    rest = b"&".join(part for part in parts if part not in tokens)
    return unquote_plus(tokens[-1].decode("latin-1")).removeprefix("token="), rest


async def _refuse(receive: Any, send: Any, reason: str) -> None:
    """Accept and close, with an `error` frame: of a refused handshake browsers show no code."""
    await receive()
    await send({"type": "websocket.accept"})
    error = DomainError("login_required", _("O token não vai no endereço: use um ticket."))
    frame = error_frame(error) | {"ticket": "/api/v1/ws-ticket/"}
    await send({"type": "websocket.send", "text": orjson.dumps(frame).decode()})
    await send({"type": "websocket.close", "code": SESSION_ENDED, "reason": reason})
