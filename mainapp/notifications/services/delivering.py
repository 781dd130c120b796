"""Sending of due deliveries, in a few threads for each kind: a slow service delays no other."""

import logging
from collections import defaultdict, deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from threading import Event, Lock
from time import monotonic
from urllib.parse import urljoin

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from mainapp.core.realtime import GroupMessage, publish
from mainapp.notifications.events import INBOXES, InboxesChanged
from mainapp.notifications.models import Attempt, Channel, Delivery
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
from mainapp.notifications.transports.pushover import PushoverTransport
from mainapp.notifications.transports.slack import SlackTransport
from mainapp.notifications.transports.telegram import TelegramTransport
from mainapp.notifications.transports.unsupported import UnsupportedTransport
from mainapp.notifications.transports.webhook import WebhookTransport

logger = logging.getLogger(__name__)

THREADS = 4  # of each kind
BATCH = 20
RENEW_S = 10.0
POLL_S = 0.25  # the longest wait of new deliveries of other kinds while one kind hangs
DATABASE_PAUSE_S = 1.0

stopping = Event()  # set when the process shuts down: nothing more is claimed
_running = Lock()
_requested_again = Event()


def notify_inboxes(users: list[int] | None) -> None:
    """Make every web process read these inboxes (None: all) now; the message may be lost."""
    publish([GroupMessage(INBOXES, InboxesChanged(type="inboxes.changed", users=users))])


@cache
def transports() -> dict[str, Transport]:
    """Return the transport of each Channel.Kind, and `inapp`."""
    client = build_client(allow_http=settings.DEBUG)
    return {
        Channel.Kind.EMAIL: MailTransport(),
        Channel.Kind.WEBHOOK: WebhookTransport(client),
        Channel.Kind.TELEGRAM: TelegramTransport(client),
        Channel.Kind.DISCORD: DiscordTransport(client),
        Channel.Kind.SLACK: SlackTransport(client),
        Channel.Kind.PUSHOVER: PushoverTransport(client),
        Channel.Kind.NTFY: NtfyTransport(client),
        Channel.Kind.GOTIFY: GotifyTransport(client),
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


class Round:
    """Claims deliveries, sends them in threads and records the results until nothing is due.

    Threads send and touch no database. Each kind has its own pool: e-mails that hang until their
    time-out do not delay webhooks.
    """

    def __init__(self, transports: dict[str, Transport]) -> None:
        self._transports = transports
        self._pools = {
            kind: ThreadPoolExecutor(THREADS, thread_name_prefix=f"deliver-{kind}")
            for kind in Channel.Kind.values
        }
        self._claimed: dict[str, deque[Delivery]] = defaultdict(deque)
        self._sending: dict[Future[TransportError | None], Delivery] = {}
        self._done: deque[tuple[Delivery, TransportError | None]] = deque()
        self._drained: set[str] = set()
        self._renewed_at = monotonic()
        self._attempts = 0

    def run(self) -> int:
        try:
            while not self._is_over():
                try:
                    self._step()
                except DatabaseError as error:
                    logger.warning("the outbox waits for the database: %s", error)
                    close_old_connections()
                    if stopping.wait(DATABASE_PAUSE_S):
                        break
        finally:
            for pool in self._pools.values():
                pool.shutdown(wait=False)
        return self._attempts

    def _step(self) -> None:
        # Results leave the queue once recorded: after a database error the next step tries again.
        while self._done:
            _record(*self._done[0])
            self._done.popleft()
        if stopping.is_set():
            self._release()
        else:
            self._claim()
        self._renew()
        write_missing(deliveries=self._unsent())
        self._start()
        if self._sending:
            finished, _pending = wait(self._sending, POLL_S, FIRST_COMPLETED)
            self._done.extend((self._sending.pop(call), call.result()) for call in finished)

    def _is_over(self) -> bool:
        if self._sending or self._done or any(self._claimed.values()):
            return False
        return stopping.is_set() or (
            len(self._drained) == len(self._pools) and not _requested_again.is_set()
        )

    def _claim(self) -> None:
        if _requested_again.is_set():
            _requested_again.clear()
            self._drained.clear()
        for kind in self._pools:
            if self._claimed[kind] or kind in self._drained or not self._room(kind):
                continue
            claimed = claim_due(limit=BATCH, at=timezone.now(), kinds=[kind])
            self._claimed[kind].extend(claimed)
            if len(claimed) < BATCH:
                self._drained.add(kind)

    def _start(self) -> None:
        for kind, waiting in self._claimed.items():
            for _free in range(min(self._room(kind), len(waiting))):
                delivery = waiting.popleft()
                self._attempts += 1
                transport, message = self._transports[kind], build_message(delivery)
                attempt = self._pools[kind].submit(_send, transport, message)
                self._sending[attempt] = delivery

    def _unsent(self) -> list[Delivery]:
        return [delivery for waiting in self._claimed.values() for delivery in waiting]

    def _room(self, kind: str) -> int:
        return THREADS - sum(delivery.kind == kind for delivery in self._sending.values())

    def _renew(self) -> None:
        if monotonic() - self._renewed_at >= RENEW_S:
            deliveries = [*self._sending.values(), *self._unsent()]
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
    path = delivery.notification.url if delivery.notification else ""
    return Message(
        address=delivery.address,
        subject=delivery.subject,
        text=delivery.text,
        html=delivery.html,
        message_id=delivery.message_id,
        created_at=delivery.created_at,
        url=urljoin(settings.SITE_URL, path) if path else "",
        secret=delivery.channel.secret if delivery.channel else "",
        headers=delivery.headers,
    )


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
    attempt = record_attempt(delivery=delivery, error=error, at=timezone.now())
    if attempt is None:
        logger.warning("delivery %s was claimed by another process in the meantime", delivery.pk)
    elif attempt.outcome in (Attempt.Outcome.REFUSED, Attempt.Outcome.GIVEN_UP):
        logger.error("delivery %s will not arrive: %s", delivery.pk, error)
    elif error is not None:
        logger.warning("delivery %s failed and will be tried again: %s", delivery.pk, error)
