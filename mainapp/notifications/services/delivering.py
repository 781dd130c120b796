"""Sending what is due: a few threads for each way out, so that one that hangs holds up no other."""

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

from mainapp.core.realtime import Message, publish
from mainapp.notifications.events import INBOXES, InboxesChanged
from mainapp.notifications.models import Attempt, Channel, Delivery
from mainapp.notifications.services.outbox import (
    claim_due,
    record_attempt,
    release_claims,
    renew_claims,
)
from mainapp.notifications.services.writing import write_missing
from mainapp.notifications.transports.apprise import AppriseTransport
from mainapp.notifications.transports.base import Parcel, Transport, TransportError
from mainapp.notifications.transports.inapp import InAppTransport
from mainapp.notifications.transports.mail import MailTransport
from mainapp.notifications.transports.webhook import WebhookTransport

logger = logging.getLogger(__name__)

THREADS = 4  # of each kind
BATCH = 20
RENEW_S = 10.0
LOOK_S = 0.25  # how long news of other kinds wait while something hangs
DATABASE_PAUSE_S = 1.0

stopping = Event()  # set when the process ends: nothing more is claimed
_working = Lock()
_asked_again = Event()


def notify_inboxes(users: list[int] | None) -> None:
    """Have every web process read these inboxes (None: all) now; the message may be lost."""
    publish([Message(INBOXES, InboxesChanged(type="inboxes.changed", users=users))])


@cache
def transports() -> dict[str, Transport]:
    """Return the way out for each Channel.Kind, and `inapp`."""
    return {
        Channel.Kind.EMAIL: MailTransport(),
        Channel.Kind.WEBHOOK: WebhookTransport(allow_http=settings.DEBUG),
        Channel.Kind.APPRISE: AppriseTransport(),
        "inapp": InAppTransport(notify_inboxes),
    }


def deliver_due() -> int:
    """Send all that is due and return how many were tried, 0 where another call is at it already.

    One call works in a process; it looks once more when another was made meanwhile.
    """
    _asked_again.set()
    tried = 0
    while not stopping.is_set() and _asked_again.is_set():
        if not _working.acquire(blocking=False):
            break
        try:
            tried += Round(transports()).run()
        finally:
            _working.release()
    return tried


class Round:
    """Claims, hands to threads, writes down what came of it, until nothing more is due.

    Threads send and touch no database. Each kind has its own: e-mails that hang for their timeout
    leave webhooks alone.
    """

    def __init__(self, ways: dict[str, Transport]) -> None:
        self._ways = ways
        self._pools = {
            kind: ThreadPoolExecutor(THREADS, thread_name_prefix=f"deliver-{kind}")
            for kind in Channel.Kind.values
        }
        self._claimed: dict[str, deque[Delivery]] = defaultdict(deque)
        self._trying: dict[Future[TransportError | None], Delivery] = {}
        self._done: deque[tuple[Delivery, TransportError | None]] = deque()
        self._drained: set[str] = set()
        self._renewed_at = monotonic()
        self._tried = 0

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
        return self._tried

    def _step(self) -> None:
        while self._done:
            _record(*self._done[0])
            self._done.popleft()
        if stopping.is_set():
            self._give_back()
        else:
            self._claim()
        self._renew()
        write_missing(deliveries=[one for kind in self._claimed.values() for one in kind])
        self._start()
        if self._trying:
            finished, _rest = wait(self._trying, LOOK_S, FIRST_COMPLETED)
            self._done.extend((self._trying.pop(one), one.result()) for one in finished)

    def _is_over(self) -> bool:
        if self._trying or self._done or any(self._claimed.values()):
            return False
        return stopping.is_set() or (
            len(self._drained) == len(self._pools) and not _asked_again.is_set()
        )

    def _claim(self) -> None:
        if _asked_again.is_set():
            _asked_again.clear()
            self._drained.clear()
        for kind in self._pools:
            if self._claimed[kind] or kind in self._drained or not self._room(kind):
                continue
            found = claim_due(limit=BATCH, at=timezone.now(), kinds=[kind])
            self._claimed[kind].extend(found)
            if len(found) < BATCH:
                self._drained.add(kind)

    def _start(self) -> None:
        for kind, waiting in self._claimed.items():
            for _free in range(min(self._room(kind), len(waiting))):
                delivery = waiting.popleft()
                self._tried += 1
                way = self._ways[kind]
                self._trying[self._pools[kind].submit(_try, way, parcel_of(delivery))] = delivery

    def _room(self, kind: str) -> int:
        return THREADS - sum(one.kind == kind for one in self._trying.values())

    def _renew(self) -> None:
        if monotonic() - self._renewed_at >= RENEW_S:
            waiting = [one for kind in self._claimed.values() for one in kind]
            mine = renew_claims(deliveries=[*self._trying.values(), *waiting], at=timezone.now())
            for kind, own in self._claimed.items():
                self._claimed[kind] = deque(one for one in own if one.pk in mine)
            self._renewed_at = monotonic()

    def _give_back(self) -> None:
        for waiting in self._claimed.values():
            if waiting:
                release_claims(deliveries=list(waiting), at=timezone.now())
                waiting.clear()


def parcel_of(delivery: Delivery) -> Parcel:
    """Return what a transport takes; reads no database for a delivery that was claimed."""
    path = delivery.notification.url if delivery.notification else ""
    return Parcel(
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


def _try(way: Transport, parcel: Parcel) -> TransportError | None:
    try:
        way.send(parcel)
    except TransportError as error:
        return error
    except Exception as error:
        logger.exception("a transport failed in a way it should not")
        return TransportError(type(error).__name__)
    return None


def _record(delivery: Delivery, error: TransportError | None) -> None:
    attempt = record_attempt(delivery=delivery, error=error, at=timezone.now())
    if attempt is None:
        logger.warning("delivery %s was claimed by another meanwhile", delivery.pk)
    elif attempt.outcome in (Attempt.Outcome.REFUSED, Attempt.Outcome.GIVEN_UP):
        logger.error("delivery %s will not arrive: %s", delivery.pk, error)
    elif error is not None:
        logger.warning("delivery %s failed and is tried again: %s", delivery.pk, error)
