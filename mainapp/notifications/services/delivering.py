"""Sending of due deliveries, in a few threads for each kind: a slow service delays no other.

A mail server may take ten minutes to accept a message. After SLOW_S, an attempt no longer counts
towards the THREADS of its kind, only towards its MAX_THREADS.
"""

import logging
from collections import defaultdict, deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import cache
from threading import Event, Lock, Thread
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from mainapp.core.contexts import TASK, Context, current_request_id, handling
from mainapp.core.http import HttpClient
from mainapp.core.paths import absolute_url
from mainapp.core.private_targets import parse_private_targets
from mainapp.core.realtime import GroupMessage, publish
from mainapp.notifications.events import INBOXES, InboxesChanged
from mainapp.notifications.models import Attempt, Channel, Delivery
from mainapp.notifications.services.checks import drop_outdated
from mainapp.notifications.services.outbox import (
    claim_due,
    record_attempt,
    release_claims,
    renew_claims,
)
from mainapp.notifications.services.writing import write_missing
from mainapp.notifications.transports.base import Message, Transport, TransportError
from mainapp.notifications.transports.discord import DiscordTransport
from mainapp.notifications.transports.gotify import GotifyTransport
from mainapp.notifications.transports.inapp import InAppTransport
from mainapp.notifications.transports.mail import MailTransport
from mainapp.notifications.transports.ntfy import NtfyTransport
from mainapp.notifications.transports.posting import build_client
from mainapp.notifications.transports.push import PushTransport
from mainapp.notifications.transports.pushover import PushoverTransport
from mainapp.notifications.transports.slack import SlackTransport
from mainapp.notifications.transports.telegram import TelegramTransport
from mainapp.notifications.transports.unsupported import UnsupportedTransport
from mainapp.notifications.transports.webhook import WebhookTransport

logger = logging.getLogger(__name__)

THREADS = 4  # of each kind
MAX_THREADS = 20  # of each kind, including slow ones
SLOW_S = 5.0
BATCH = 20
RENEW_S = 10.0
POLL_S = 0.25  # the longest wait of new deliveries of other kinds while one kind hangs
DATABASE_PAUSE_S = 1.0
STOP_S = 3.0  # the launcher kills a worker after 4.5 s

stopping = Event()  # set when the process shuts down: nothing more is claimed
_running = Lock()
_requested_again = Event()


def notify_inboxes(users: list[int] | None) -> None:
    """Make every web process read these inboxes (None: all) now; the message may be lost."""
    publish([GroupMessage(INBOXES, InboxesChanged(type="inboxes.changed", users=users))])


@cache
def url_client() -> HttpClient:
    """Return the client for URLs that users enter."""
    targets = parse_private_targets(
        settings.ALLOWED_PRIVATE_TARGETS, own_ports=settings.STORE_PORTS
    )
    return build_client(allow_http=settings.DEBUG, targets=targets)


@cache
def transports() -> dict[str, Transport]:
    """Return the transport of each Channel.Kind, and `inapp`."""
    client = url_client()
    return {
        Channel.Kind.EMAIL: MailTransport(),
        Channel.Kind.WEBHOOK: WebhookTransport(client),
        Channel.Kind.TELEGRAM: TelegramTransport(client),
        Channel.Kind.DISCORD: DiscordTransport(client),
        Channel.Kind.SLACK: SlackTransport(client),
        Channel.Kind.PUSHOVER: PushoverTransport(client),
        Channel.Kind.NTFY: NtfyTransport(client),
        Channel.Kind.GOTIFY: GotifyTransport(client),
        Channel.Kind.PUSH: PushTransport(client),
        Channel.Kind.UNSUPPORTED: UnsupportedTransport(),
        "inapp": InAppTransport(notify_inboxes),
    }


def deliver_due() -> int:
    """Send all due deliveries; return the number of attempts, 0 while another call is running.

    One call runs per process at a time. If another is made while it runs, it checks the outbox
    once more before it returns.
    """
    _requested_again.set()
    attempts = 0
    while not stopping.is_set() and _requested_again.is_set():
        if not _running.acquire(blocking=False):
            break
        try:
            attempts += Round(transports()).run()
        finally:
            _running.release()
    return attempts


class Sending(NamedTuple):
    """A running attempt; `started_at` is a time of time.monotonic."""

    delivery: Delivery
    started_at: float


class Round:
    """Claims deliveries, sends them in threads and records the results until nothing is due.

    Threads send and touch no database. Each kind has its own number of threads: e-mails that hang
    until their time-out do not delay webhooks. When the process stops, attempts have STOP_S to
    finish. The claims of the others expire, and their messages are sent again with the same
    Message-ID.
    """

    def __init__(self, transports: dict[str, Transport]) -> None:
        self._transports = transports
        self._kinds = Channel.Kind.values
        self._claimed: dict[str, deque[Delivery]] = defaultdict(deque)
        self._sending: dict[Future[TransportError | None], Sending] = {}
        self._done: deque[tuple[Delivery, TransportError | None]] = deque()
        self._drained: set[str] = set()
        self._renewed_at = monotonic()
        self._stopped_at: float | None = None
        self._attempts = 0

    def run(self) -> int:
        while not self._is_over():
            try:
                self._step()
            except DatabaseError as error:
                logger.warning("the outbox waits for the database: %s", error)
                close_old_connections()
                if stopping.wait(DATABASE_PAUSE_S):
                    break
        return self._attempts

    def _step(self) -> None:
        # Results leave the queue once recorded: after a database error the next step tries again.
        while self._done:
            _record(*self._done[0])
            self._done.popleft()
        if stopping.is_set():
            self._stopped_at = self._stopped_at or monotonic()
            self._release()
        else:
            self._claim()
        self._renew()
        write_missing(deliveries=self._unsent())
        self._start()
        if self._sending:
            finished, _pending = wait(self._sending, POLL_S, FIRST_COMPLETED)
            self._done.extend(
                (self._sending.pop(call).delivery, call.result()) for call in finished
            )

    def _is_over(self) -> bool:
        if self._done:
            return False
        if self._stopped_at and monotonic() - self._stopped_at >= STOP_S:
            return True
        if self._sending or any(self._claimed.values()):
            return False
        return stopping.is_set() or (
            len(self._drained) == len(self._kinds) and not _requested_again.is_set()
        )

    def _claim(self) -> None:
        if _requested_again.is_set():
            _requested_again.clear()
            self._drained.clear()
        for kind in self._kinds:
            if self._claimed[kind] or kind in self._drained or not self._free_threads(kind):
                continue
            claimed = claim_due(limit=BATCH, at=timezone.now(), kinds=[kind])
            self._claimed[kind].extend(drop_outdated(claimed))
            if len(claimed) < BATCH:
                self._drained.add(kind)

    def _start(self) -> None:
        for kind, waiting in self._claimed.items():
            for _free in range(min(self._free_threads(kind), len(waiting))):
                delivery = waiting.popleft()
                self._attempts += 1
                transport, message = self._transports[kind], build_message(delivery)
                attempt = _start_attempt(transport, message, context=_context_of(delivery))
                self._sending[attempt] = Sending(delivery, monotonic())

    def _unsent(self) -> list[Delivery]:
        return [delivery for waiting in self._claimed.values() for delivery in waiting]

    def _free_threads(self, kind: str) -> int:
        """Return the number of attempts of a kind that may start now."""
        now = monotonic()
        ages = [now - run.started_at for run in self._sending.values() if run.delivery.kind == kind]
        quick = sum(age < SLOW_S for age in ages)
        return min(THREADS - quick, MAX_THREADS - len(ages))

    def _renew(self) -> None:
        if monotonic() - self._renewed_at >= RENEW_S:
            deliveries = [*(run.delivery for run in self._sending.values()), *self._unsent()]
            # A process that stood still for a minute has lost its claims: others send those rows.
            still_claimed = renew_claims(deliveries=deliveries, at=timezone.now())
            for kind, waiting in self._claimed.items():
                self._claimed[kind] = deque(row for row in waiting if row.pk in still_claimed)
            self._renewed_at = monotonic()

    def _release(self) -> None:
        for waiting in self._claimed.values():
            if waiting:
                release_claims(deliveries=list(waiting), at=timezone.now())
                waiting.clear()


def build_message(delivery: Delivery) -> Message:
    """Return the message of a claimed delivery. No query: `claim_due` has read its relations."""
    path = delivery.headers.get("url") or (
        delivery.notification.url if delivery.notification else ""
    )
    return Message(
        address=delivery.address,
        subject=delivery.subject,
        text=delivery.text,
        html=delivery.html,
        message_id=delivery.message_id,
        created_at=delivery.created_at,
        url=absolute_url(path) if path else "",
        secret=delivery.channel.secret if delivery.channel else "",
        headers=delivery.headers,
        request_id=delivery.request_id,
    )


def _start_attempt(
    transport: Transport, message: Message, *, context: Context
) -> Future[TransportError | None]:
    """Send in a separate daemon thread: an executor's thread would delay the process's exit."""
    attempt: Future[TransportError | None] = Future()

    def run() -> None:
        with handling(context):
            attempt.set_result(_send(transport, message))

    Thread(target=run, name=context.place, daemon=True).start()
    return attempt


def _context_of(delivery: Delivery) -> Context:
    """Return the context of the request that wrote a delivery, so that the log names it."""
    request_id = delivery.request_id or current_request_id()
    return Context(request_id, TASK, f"deliver-{delivery.kind}")


def _send(transport: Transport, message: Message) -> TransportError | None:
    try:
        transport.send(message)
    except TransportError as error:
        return error
    except Exception as error:
        logger.exception("a transport raised something other than TransportError")
        return TransportError(type(error).__name__)
    return None


def _record(delivery: Delivery, error: TransportError | None) -> None:
    with handling(_context_of(delivery)):
        _record_and_log(delivery, error)


def _record_and_log(delivery: Delivery, error: TransportError | None) -> None:
    attempt = record_attempt(delivery=delivery, error=error, at=timezone.now())
    if attempt is None:
        logger.warning("delivery %s was claimed by another process in the meantime", delivery.pk)
        return
    if error is None:
        return
    reason = f"{error} ({error.detail})" if error.detail else str(error)
    if attempt.outcome in (Attempt.Outcome.REFUSED, Attempt.Outcome.GIVEN_UP):
        logger.error("delivery %s will not arrive: %s", delivery.pk, reason)
    elif attempt.outcome == Attempt.Outcome.UNKNOWN:
        logger.error("delivery %s may have arrived: %s", delivery.pk, reason)
    else:
        level = logging.ERROR if error.is_ours else logging.WARNING
        logger.log(level, "delivery %s failed and will be tried again: %s", delivery.pk, reason)
