"""Complaints, and decisions about the cases that they make."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.core.audience import key_of
from mainapp.core.exceptions import DomainError
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.moderation.models import Case, Complaint, LogEntry
from mainapp.moderation.policies import COMPLAINTS, MAX_COPIES, MAX_REASON
from mainapp.moderation.selectors.cases import CASE, case_for
from mainapp.moderation.services.log import log_action
from mainapp.moderation.services.suspensions import suspend_user
from mainapp.moderation.subjects import Evidence, subject_of

FORGETTING = "forget_complaint_copies"
Category, Decision = Complaint.Category, Case.Decision


class AlreadyDecided(DomainError):
    """Another moderator has decided on the case since it was shown, or a copy was added to it."""

    def __init__(self, *, is_open: bool = False) -> None:
        template = (
            _("O que foi denunciado mudou desde que você abriu a página: leia antes de decidir.")
            if is_open
            else _("Outra pessoa já decidiu sobre esta denúncia.")
        )
        super().__init__("conflict", template)


def complain(
    *,
    kind: str,
    pk: int,
    reporter: User,
    at: datetime,
    category: str = Category.OTHER,
    reason: str = "",
) -> tuple[Complaint, bool]:
    """Record a complaint about a thing that the reporter may see; return it and whether it is new.

    The first one opens a case with a copy of the thing. A repeated one returns the first. At most
    COMPLAINTS_A_DAY. Raises: DomainError (`invalid`: no such thing, or one's own), RateLimited.
    """
    subject = subject_of(kind)
    with transaction.atomic():
        evidence = subject.find(pk, reporter) if subject and reporter.is_active else None
        if evidence is None or evidence.person_id == reporter.pk:
            raise DomainError("invalid", _("Isto não pode ser denunciado."), fields={"id": "other"})
        own = Complaint.objects.filter(
            reporter=reporter, case__kind=evidence.kind, case__subject_id=evidence.pk
        )
        if earlier := own.first():
            return earlier, False
        check_and_increment_quota(reporter, COMPLAINTS, at=at)
        case = _open_case(evidence, at)
        complaint, is_new = Complaint.objects.get_or_create(
            case=case,
            reporter=reporter,
            defaults={"category": category, "reason": reason[:MAX_REASON], "reported_at": at},
        )
        return complaint, is_new


def decide_case(
    *,
    pk: int,
    revision: int,
    decision: str,
    actor: User,
    at: datetime,
    days: int | None = None,
    note: str = "",
) -> Case:
    """Decide on the state of a case that `actor` has seen; this closes all of its complaints.

    `removed` removes the thing. Any decision can have `days` of suspension, which only staff may
    impose. Raises: Case.DoesNotExist, AlreadyDecided, Suspended, DomainError.
    """
    check_not_suspended(actor, at=at)
    with transaction.atomic():
        case = case_for(pk, actor)
        seen = Case.objects.filter(pk=pk, state=Case.State.OPEN, revision=revision)
        # One statement: of two moderators who decide at the same time, one gets AlreadyDecided.
        if not seen.update(
            state=Case.State.CLOSED,
            decision=decision,
            revision=F("revision") + 1,
            closed_at=at,
            closed_by=actor,
        ):
            raise AlreadyDecided(is_open=Case.objects.get(pk=pk).state == Case.State.OPEN)
        subject = subject_of(case.kind)
        if decision == Decision.REMOVED and subject:
            subject.remove(case.subject_id, actor, at)
        if days and case.person:
            suspend_user(user=case.person, actor=actor, days=days, reason=note, case=case, at=at)
        _log(case, LogEntry.Action.RESOLVE_REPORT, actor, at, detail=f"{decision} {note}".strip())
        case.refresh_from_db()
        return case


def close_case_of(*, kind: str, pk: int, actor: User, at: datetime) -> None:
    """Close the open case of a thing that a moderator removed elsewhere; one query at least."""
    case = Case.objects.filter(kind=kind, subject_id=pk, state=Case.State.OPEN).first()
    if case:
        case.state, case.decision, case.closed_by = Case.State.CLOSED, Decision.REMOVED, actor
        case.revision, case.closed_at = case.revision + 1, at
        case.save(update_fields=["state", "decision", "closed_by", "revision", "closed_at"])


def read_copy(*, pk: int, actor: User, at: datetime) -> Case:
    """Return a case whose copy a member of staff is about to read, and log this.

    Raises: Case.DoesNotExist.
    """
    with transaction.atomic():
        case = case_for(pk, actor)
        if case.is_private:
            _log(case, LogEntry.Action.READ_COPY, actor, at)
        return case


def forget_copies(*, before: datetime) -> int:
    """Remove the copies of cases that were decided before a time; return their number.

    The task that prunes uploads removes their files.
    """
    old = Case.objects.filter(state=Case.State.CLOSED, closed_at__lt=before).exclude(copies=[])
    return old.update(copies=[])


def ensure_forgetting() -> None:
    """Schedule the nightly removal of old copies unless it exists; an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=FORGETTING).exists():
        night = CrontabSchedule.objects.create(minute="15", hour="4", timezone=settings.TIME_ZONE)
        PeriodicTask.objects.create(name=FORGETTING, task=FORGETTING, crontab=night)


def _open_case(evidence: Evidence, at: datetime) -> Case:
    """Return the open case of a thing, with its present form as the newest copy."""
    about = {"kind": evidence.kind, "subject_id": evidence.pk, "state": Case.State.OPEN}
    case = Case.objects.select_for_update().filter(**about).first()
    if case is None:
        try:
            with transaction.atomic():
                case = Case.objects.create(
                    **about,
                    person_id=evidence.person_id,
                    scope=evidence.scope,
                    place=evidence.place,
                    url=evidence.url,
                    is_private=evidence.is_private,
                    opened_at=at,
                )
        except IntegrityError:  # another complaint opened it at the same time
            case = Case.objects.select_for_update().get(**about)
    if _is_changed(case, evidence) and len(case.copies) < MAX_COPIES:
        case.revision += bool(case.copies)  # a moderator has to see the new copy
        case.copies.append({"at": at.isoformat(), "lines": _kept_lines(case, evidence, at)})
        case.save(update_fields=["copies", "revision"])
    return case


def _is_changed(case: Case, evidence: Evidence) -> bool:
    """Return whether a thing differs from the newest copy of it."""
    if not case.copies:
        return True
    return _reported(case.copies[-1]["lines"]) != _reported(evidence.lines)


def _reported(lines: Any) -> list[str]:
    return [line["text"] for line in lines if line.get("is_reported")]


def _kept_lines(case: Case, evidence: Evidence, at: datetime) -> list[Any]:
    """Return the lines of a copy, after copying the reported files for the moderators."""
    lines: list[Any] = [dict(line) for line in evidence.lines]
    subject = subject_of(evidence.kind)
    for line in lines:
        file = line.pop("file", None)
        if file and line.get("is_reported") and subject:
            copied = subject.keep_files(file, key_of(CASE, case.pk), at)
            if copied:
                line["file"] = copied
    return lines


def _log(
    case: Case, action: LogEntry.Action, actor: User, at: datetime, *, detail: str = ""
) -> None:
    log_action(
        action,
        actor=actor,
        at=at,
        target_id=case.person_id,
        scope=case.scope,
        place=case.place,
        case=case,
        detail=detail,
    )
