"""Verification of the audit's hash chain, and its state."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.db.models import Max, Q

from mainapp.core.models import AuditEntry, AuditHead, AuditSeal

SEALS_A_QUERY, ENTRIES_A_QUERY = 50, 2000
# Sealing runs every 5 s; entries of long transactions are older when they appear.
UNSEALED_S = 60
# Longer than the longest transaction: an entry older than this was there when the seal before ran.
LATE = timedelta(hours=1)


class ChainState(NamedTuple):
    """The last seal's number, hash and time (None without one), and the entries without a seal."""

    number: int
    hash: str
    sealed_at: datetime | None
    unsealed: int
    oldest_unsealed_at: datetime | None

    def overdue_since(self, at: datetime) -> datetime | None:
        """Return the time of the oldest entry if it should have a seal by now."""
        oldest = self.oldest_unsealed_at
        return oldest if oldest and oldest < at - timedelta(seconds=UNSEALED_S) else None


def chain_state(*, limit: int = 10_000) -> ChainState:
    """Return the state of the chain; `unsealed` is counted up to `limit`. Three queries."""
    head = _head()
    seal = AuditSeal.objects.filter(number=head.number).defer("entries").first()
    unsealed = AuditEntry.objects.filter(seal_number=None).order_by("seal_number", "pk")
    times = list(unsealed.values_list("at", flat=True)[:limit])
    return ChainState(
        head.number,
        head.hash,
        seal.sealed_at if seal else None,
        len(times),
        min(times, default=None),
    )


def _head() -> AuditHead:
    return AuditHead.objects.filter(pk=AuditHead.KEY).first() or AuditHead()


def _last_number() -> int:
    return AuditSeal.objects.aggregate(last=Max("number"))["last"] or 0


class Verification:
    """A walk along the chain, in constant memory; `faults` yields a line for each fault.

    With `since`, it begins with the first seal made since then, and trusts the one before. `head`
    is the hash of a seal that an operator has noted elsewhere: without its seal in the chain, the
    end was removed, or the chain was written anew.
    """

    def __init__(self, *, since: datetime | None = None, head: str = "") -> None:
        self.since, self.noted_head = since, head
        self.seals = self.entries = 0
        self.number, self.hash = 0, ""
        self._complete_at: datetime | None = None  # of the last seal that left no entry

    def faults(self, *, at: datetime) -> Iterator[str]:
        """Yield the faults as of the time `at`, in the order of the chain."""
        head = _head()
        first, last = self._first_number(), _last_number()
        self._trust_seal_before(first)
        is_head_known = not self.noted_head or self._has_noted_head()
        for number, seal, entries in _links(first, last):
            if seal is None:
                yield f"seal {number}: missing, and {len(entries)} entries name it"
                continue
            yield from self._seal_faults(seal)
            yield from self._entry_faults(seal, entries)
            if number == head.number and seal.hash != head.hash:
                yield f"seal {number}: altered: the head has another hash"
        yield from self._end_faults(head)
        if not is_head_known:
            yield f"head {self.noted_head}: no seal has this hash: the chain was cut or rewritten"
        yield from self._unsealed_faults(at)

    def _first_number(self) -> int:
        if self.since is None:
            return 1
        seals = AuditSeal.objects.order_by("sealed_at", "number")
        first = seals.filter(sealed_at__gte=self.since).values_list("number", flat=True).first()
        return _last_number() + 1 if first is None else first

    def _trust_seal_before(self, first: int) -> None:
        if before := AuditSeal.objects.filter(number=first - 1).first():
            self.number, self.hash = before.number, before.hash
            self._note_time(before)

    def _has_noted_head(self) -> bool:
        return AuditSeal.objects.filter(hash=self.noted_head).exists()

    def _note_time(self, seal: AuditSeal) -> None:
        if isinstance(seal.entries, list) and len(seal.entries) < AuditSeal.LIMIT:
            self._complete_at = seal.sealed_at

    def _seal_faults(self, seal: AuditSeal) -> Iterator[str]:
        """Yield the faults of a seal itself, and take it as the last one seen."""
        if seal.number > self.number + 1 and (self.number or self.since is None):
            yield f"seals {self.number + 1} to {seal.number - 1}: missing"
        elif seal.previous_hash != self.hash and (self.number or self.since is None):
            yield f"seal {seal.number}: broken link: it does not follow seal {self.number}"
        if seal.digest() != seal.hash:
            yield f"seal {seal.number}: altered: its content has another hash"
        self.number, self.hash = seal.number, seal.hash
        self.seals += 1

    def _entry_faults(self, seal: AuditSeal, entries: list[AuditEntry]) -> Iterator[str]:
        digests = _digests_of(seal)
        if digests is None:
            yield f"seal {seal.number}: unreadable: its entries are not pairs of an id and a hash"
            entries, digests = [], {}
        for entry in entries:
            digest = digests.pop(entry.pk, None)
            if digest is None:
                yield f"entry {entry.pk}: inserted: seal {seal.number} does not have it"
            elif digest != entry.digest():
                yield f"entry {entry.pk}: changed since seal {seal.number}"
            elif self._complete_at and entry.at < self._complete_at - LATE:
                yield f"entry {entry.pk}: inserted: sealed by {seal.number}, too late for its time"
        for key in sorted(digests):
            yield f"entry {key}: deleted: seal {seal.number} has it"
        self.entries += len(entries)
        self._note_time(seal)

    def _end_faults(self, head: AuditHead) -> Iterator[str]:
        """Yield the faults beyond the last seal; `head` was read before the walk."""
        if head.number > self.number:
            yield f"seals {self.number + 1} to {head.number}: missing: the head is {head.number}"
        if self.number > _head().number:
            yield f"seal {self.number}: beyond the head"
        beyond = AuditEntry.objects.filter(seal_number__gt=max(head.number, self.number))
        for entry in beyond.order_by("seal_number", "pk")[:ENTRIES_A_QUERY]:
            if not AuditSeal.objects.filter(number=_seal_number(entry)).exists():
                yield f"entry {entry.pk}: inserted: there is no seal {_seal_number(entry)}"

    def _unsealed_faults(self, at: datetime) -> Iterator[str]:
        state = chain_state()
        if since := state.overdue_since(at):
            yield f"entries: {state.unsealed} without a seal, the oldest of {since.isoformat()}"


def _links(first: int, last: int) -> Iterator[tuple[int, AuditSeal | None, list[AuditEntry]]]:
    """Yield each number with its seal, None if it is missing, and the entries that name it."""
    entries = _entries_between(first, last)
    groups = ((number, list(group)) for number, group in groupby(entries, _seal_number))
    group = next(groups, None)
    for seal in _seals_between(first, last):
        while group and group[0] < seal.number:
            yield group[0], None, group[1]
            group = next(groups, None)
        if group and group[0] == seal.number:
            yield seal.number, seal, group[1]
            group = next(groups, None)
        else:
            yield seal.number, seal, []
    while group:
        yield group[0], None, group[1]
        group = next(groups, None)


def _digests_of(seal: AuditSeal) -> dict[int, str] | None:
    """Return the digests of a seal's entries by their ids; None if somebody has broken the list."""
    try:
        digests = {key: digest for key, digest in seal.entries}  # noqa: C416 - checks that they are pairs
    except (TypeError, ValueError):
        return None
    return digests if all(isinstance(key, int) for key in digests) else None


def _seals_between(first: int, last: int) -> Iterator[AuditSeal]:
    seals = AuditSeal.objects.filter(number__lte=last).order_by("number")
    while rows := list(seals.filter(number__gte=first)[:SEALS_A_QUERY]):
        yield from rows
        first = rows[-1].number + 1


def _entries_between(first: int, last: int) -> Iterator[AuditEntry]:
    """Yield entries by the number of their seal; from the first seal on also those of number 0."""
    entries = AuditEntry.objects.filter(seal_number__lte=last).order_by("seal_number", "pk")
    number, key = first if first > 1 else 0, 0
    while rows := list(
        entries.filter(
            Q(seal_number=number, pk__gt=key) | Q(seal_number__gt=number), seal_number__gte=number
        )[:ENTRIES_A_QUERY]
    ):
        yield from rows
        number, key = _seal_number(rows[-1]), rows[-1].pk


def _seal_number(entry: AuditEntry) -> int:
    return entry.seal_number or 0
