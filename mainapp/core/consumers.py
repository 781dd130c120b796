"""The base consumer of every socket: frames, errors and limits as in docs/CONTRACTS.md §1."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final, Protocol

from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import HttpRequest, parse_cookie
from django.utils import translation
from django.utils.translation import gettext_noop as _

from mainapp.core.contexts import SOCKET, Context, current_context, handling, new_request_id
from mainapp.core.database import RETRY_AFTER_S, is_unavailable
from mainapp.core.errors import error_frame
from mainapp.core.exceptions import DomainError
from mainapp.core.frames import Frame, echo, frame_id_of, parse_frame
from mainapp.core.limits import RateLimited, SocketWindow
from mainapp.core.policies import EVERYONE, Socket, Who
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.writer import Build, SocketWriter, try_send_of

logger = logging.getLogger(__name__)

MAX_MESSAGE = 1024 * 1024  # a longer message closes the socket
# Allowed per socket in WINDOW_S: one error more closes it, one frame more gets an error.
ERRORS, FRAMES, WINDOW_S = 100, 500, 10.0

# Close codes (CONTRACTS §1).
UNKNOWN_PATH, FLOODED, TOO_BIG, INTERNAL = 4404, 4408, 1009, 1011
SESSION_ENDED: Final = 4401
RECONNECT: Final = 1012

# Open sockets of this process, by the name of their consumer.
open_sockets: Counter[str] = Counter()

Handler = Callable[[Any, Frame], Awaitable[None]]


class Logins(Protocol):
    """The hub that closes sockets when their log-in ends: `scope["logins"]` of logged-in users."""

    def join(self, socket: "BaseConsumer") -> None: ...

    def leave(self, socket: "BaseConsumer") -> None: ...


class BaseConsumer(AsyncWebsocketConsumer):
    """A socket that replies to each bad frame with an `error` frame and stays open.

    A subclass lists in `handlers` the frames that it accepts from clients. It has no channel on the
    layer and does not poll: the hub of its process writes to it.

    When the log-in that opened it ends, the running handler is cancelled, `left` is called and the
    socket closes with 4401, without any code in the subclass.
    """

    handlers: ClassVar[dict[str, str]] = {"ping": "answer_ping"}
    login_sentence: ClassVar[str] = _("Entre na sua conta para escrever.")
    # Permissions to open the socket and to send frames. An anonymous user who may not open it is
    # accepted and then closed with 4401, which a browser can distinguish from a network failure.
    policy: ClassVar[Socket] = Socket(opens=EVERYONE, frames={"ping": EVERYONE})

    scope: Any
    base_send: Any
    # All frames are sent through it; a subclass may replace it when it opens.
    writer: SocketWriter
    is_closed = False
    _has_left = False
    _is_counted = False
    _end_code: int | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.base_send = scope, send
        self._context = current_context() or Context(new_request_id(), SOCKET)
        self._context.scope, self._context.place = scope, "connect"
        self.writer = SocketWriter(send, try_send_of(scope))
        self._errors = SocketWindow(ERRORS, WINDOW_S)
        self._frames = SocketWindow(FRAMES, WINDOW_S)
        self._task = asyncio.current_task()
        try:
            with handling(self._context):
                await self._receive_messages(receive)
        except OSError:
            return  # the client left during a write
        finally:
            self._leave()

    async def opened(self) -> None:
        """Send the first frames. Called once the socket is accepted."""

    def left(self) -> None:
        """Clean up. Called once, however the socket ends. No I/O: leases in Redis expire."""

    def end(self, code: int) -> None:
        """Close the socket from another task; a running handler is cancelled first."""
        if self._end_code is not None or self.is_closed:
            return
        self._end_code = code
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def reply(self, frame: Any) -> None:
        """Send a reply after all frames written before it."""
        await self.send_in_turn(encode(frame))

    async def send_in_turn(self, frame: bytes | Build) -> None:
        """Write a frame and wait until it is sent, as back-pressure on a client that reads slowly.

        A function is called to build the frame when its turn comes.
        """
        await self.writer.drained()
        self.writer.write(frame)
        await self.writer.drained()

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._leave()
            await super().close(code, reason)

    async def answer_ping(self, frame: Frame) -> None:
        await self.reply({"type": "pong"} | echo(frame))

    async def send_error(self, error: DomainError, frame_id: Any = None) -> None:
        """Send an `error` frame in the session's language; close the socket after too many."""
        if self._errors.consume():
            await self.close(FLOODED)
            return
        with translation.override(self._language()):
            frame = error_frame(error, frame_id)
        await self.reply(frame)

    async def _receive_messages(self, receive: Any) -> None:
        """Receive messages until the client leaves, or until `end` is called."""
        try:
            while self._end_code is None:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self._dispatch(message)
        except asyncio.CancelledError:
            if self._end_code is None or self._task is None:
                raise
            self._task.uncancel()
        await self.close(self._end_code)
        # The server expects the application to receive until the client has disconnected.
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def _open(self) -> None:
        await self.accept()
        self._is_counted = True
        open_sockets[type(self).__name__] += 1
        if not self._may(self.policy.opens):
            await self.close(self.policy.refusal or SESSION_ENDED)
            return
        if logins := self.scope.get("logins"):
            logins.join(self)
        if self._end_code is None:
            await self.opened()

    def _leave(self) -> None:
        if self._has_left:
            return
        self._has_left = True
        if self._is_counted:
            open_sockets[type(self).__name__] -= 1
        if logins := self.scope.get("logins"):
            logins.leave(self)
        self.writer.close()
        self.left()

    async def _dispatch(self, message: Any) -> None:
        try:
            if message["type"] == "websocket.connect":
                await self._open()
            elif not self.is_closed:
                await self._handle_message(message)
        except OSError:
            raise
        except Exception as error:
            await self._fail(error)
            if message["type"] == "websocket.connect":
                await self.close(INTERNAL)

    async def _handle_message(self, message: Any) -> None:
        frame_id = None
        try:
            self._count_frame()
            text = message.get("text")
            if _size(text, message.get("bytes")) > MAX_MESSAGE:
                await self.close(TOO_BIG)
                return
            frame = parse_frame(text)
            frame_id = frame_id_of(frame)
            await self._handle(frame)
        except DomainError as error:
            await self.send_error(error, frame_id)
        except OSError:
            raise
        except Exception as error:
            await self._fail(error, frame_id)

    async def _handle(self, frame: Frame) -> None:
        name = self.handlers.get(frame["type"]) if isinstance(frame.get("type"), str) else None
        if name is None:
            raise DomainError("unknown_type", _("Este tipo de mensagem não existe aqui."))
        if not self._may(self.policy.frames.get(frame["type"], EVERYONE)):
            raise DomainError("login_required", self.login_sentence)
        self._context.place = frame["type"]
        await getattr(self, name)(frame)

    def _may(self, who: Who) -> bool:
        """Return whether the user's log-in state allows it; rows are checked by the handlers."""
        return Who.ANONYMOUS in who or self.scope["user"].is_authenticated

    async def _fail(self, error: Exception, frame_id: Any = None) -> None:
        if is_unavailable(error):
            logger.warning("a socket's handler had no database: %s", error)
            await self.send_error(DomainError("unavailable", retry_after_s=RETRY_AFTER_S), frame_id)
        else:
            logger.exception("a socket's handler failed")
            await self.send_error(DomainError("internal"), frame_id)

    def _count_frame(self) -> None:
        """Count a message. Control frames are counted by the server's protocol."""
        if wait_s := self._frames.consume():
            raise RateLimited(_("Mensagens demais; espere."), wait_s)

    def _language(self) -> str:
        """Return the language in which the session's pages are shown."""
        headers = dict(self.scope.get("headers", ()))
        request = HttpRequest()
        request.COOKIES = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
        return translation.get_language_from_request(request)


class UnknownPathConsumer(BaseConsumer):
    """Closes with the code of an unknown path."""

    async def opened(self) -> None:
        await self.close(UNKNOWN_PATH)


def _size(text: str | None, data: bytes | None) -> int:
    """Return the size of a message in bytes."""
    return len(data or b"") if text is None else len(text.encode(errors="replace"))
