"""Sending of campaigns' e-mails, each at most once, over one kept connection in each process.

They are sent apart from other deliveries, which therefore never wait for a campaign. A row is
`sending` before its attempt; after a kill it becomes `unknown` and is not sent again.
"""

import logging
from threading import Lock

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from mainapp.core.limits import Unavailable, of_text, try_consume
from mainapp.notifications.models import Attempt, Delivery
from mainapp.notifications.policies import CAMPAIGN_MAILS
from mainapp.notifications.services.broadcasts import write_batch
from mainapp.notifications.services.campaign_mails import (
    begin_sending,
    claim_mails,
    expire_sending,
    prepare_mails,
    release_mails,
)
from mainapp.notifications.services.delivering import build_message, stopping
from mainapp.notifications.services.outbox import record_attempt
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.mail import PersistentMailTransport

logger = logging.getLogger(__name__)

MAX_OUR_FAILURES = 3  # in a row, after which the server is left alone until the next sweep
RECORD_TRIES, RECORD_PAUSE_S = 30, 1.0
_running = Lock()


def send_campaigns() -> int:
    """Write and send what is due of all campaigns; return the number of attempts.

    One call runs per process at a time; another returns 0. Ends when nothing is due, when the rate
    is reached, and after MAX_OUR_FAILURES failures of the mail server.
    """
    if not _running.acquire(blocking=False):
        return 0
    run = CampaignRun()
    try:
        return run.run()
    finally:
        run.close()
        _running.release()


class CampaignRun:
    def __init__(self) -> None:
        self._transport = PersistentMailTransport()
        self._attempts = 0
        self._our_failures = 0
        self._is_limited = False

    def run(self) -> int:
        expire_sending(at=timezone.now())
        while not self._is_over():
            written = write_batch(at=timezone.now())
            claimed = claim_mails(at=timezone.now())
            self._send_all(prepare_mails(claimed))
            if not written and not claimed:
                break
        return self._attempts

    def close(self) -> None:
        self._transport.close()

    def _is_over(self) -> bool:
        is_failing = self._our_failures >= MAX_OUR_FAILURES
        return stopping.is_set() or self._is_limited or is_failing

    def _send_all(self, mails: list[Delivery]) -> None:
        for n, mail in enumerate(mails):
            self._is_limited = not _may_send()
            if self._is_over():
                release_mails(mails[n:], at=timezone.now())
                return
            if begin_sending(mail, at=timezone.now()):
                self._send(mail)

    def _send(self, mail: Delivery) -> None:
        self._attempts += 1
        error = _send(self._transport, mail)
        self._our_failures = self._our_failures + 1 if error and error.is_ours else 0
        _record(mail, error)


def _may_send() -> bool:
    """Count one e-mail towards MAILS_A_MINUTE; return whether it may be sent now."""
    if not settings.MAILS_A_MINUTE:
        return True
    try:
        return not try_consume(CAMPAIGN_MAILS, of_text("site")).is_refused
    except Unavailable:
        return False


def _send(transport: PersistentMailTransport, mail: Delivery) -> TransportError | None:
    try:
        transport.send(build_message(mail))
    except TransportError as error:
        return error
    except Exception as error:
        logger.exception("the mail transport raised something other than TransportError")
        return TransportError(type(error).__name__, is_unknown=True)
    return None


def _record(mail: Delivery, error: TransportError | None) -> None:
    """Record a result; wait for the database, as the row would otherwise end as unknown."""
    for _try in range(RECORD_TRIES):
        try:
            attempt = record_attempt(delivery=mail, error=error, at=timezone.now())
        except DatabaseError as failure:
            logger.warning("a campaign waits for the database: %s", failure)
            close_old_connections()
            stopping.wait(RECORD_PAUSE_S)
            continue
        _log(mail, attempt, error)
        return


def _log(mail: Delivery, attempt: Attempt | None, error: TransportError | None) -> None:
    if attempt is None:
        logger.warning("campaign e-mail %s was changed in the meantime", mail.pk)
    elif error is not None:
        reason = f"{error} ({error.detail})" if error.detail else str(error)
        logger.warning("campaign e-mail %s: %s: %s", mail.pk, attempt.outcome, reason)
