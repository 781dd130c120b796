"""The audit's hash chain: sealing, also in parallel, and every kind of fault."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from mainapp.core.models import AuditEntry, AuditHead, AuditSeal
from mainapp.operations.selectors.chain import Verification, chain_state
from mainapp.operations.services.sealing import ensure_sealing, seal_entries
from mainapp.operations.tasks import seal_audit


def add_entries(count, **values):
    at = values.pop("at", timezone.now())
    defaults = {
        "at": at, "way": "page", "action": "changed", "model": "forum.room",
        "fields": ["is_closed"], "changes": {"is_closed": [False, True]},
    }  # fmt: skip
    rows = (AuditEntry(**defaults | {"key": str(n)} | values) for n in range(count))
    return AuditEntry.objects.bulk_create(rows)


@pytest.fixture
def chain(db):
    """Three seals of two entries each."""
    AuditEntry.objects.all().delete()
    for number in range(3):
        add_entries(2, changes={"b": [1, None], "a": ["é", {"y": 2, "x": [1.0, 1e22]}]})
        assert seal_entries(at=timezone.now() + timedelta(seconds=number)) == 2
    assert faults() == []


def faults(**options):
    at = options.pop("at", timezone.now())
    return [re.sub(r"\d{4}-\S+", "DAY", line) for line in Verification(**options).faults(at=at)]


def entry(place):
    return AuditEntry.objects.order_by("pk")[place]


# Sealing ---------------------------------------------------------------------------------------


def test_each_seal_follows_the_one_before_and_the_head_names_the_last(chain):
    first, second, third = AuditSeal.objects.order_by("number")

    links = [
        (seal.number, seal.previous_hash, len(seal.entries)) for seal in (first, second, third)
    ]
    assert links == [(1, "", 2), (2, first.hash, 2), (3, second.hash, 2)]
    assert AuditHead.objects.values_list("number", "hash").get() == (3, third.hash)
    numbers = [row.seal_number for row in AuditEntry.objects.order_by("seal_number")]
    assert numbers == [1, 1, 2, 2, 3, 3]


def test_many_entries_are_sealed_in_parts_and_nothing_is_sealed_without_entries(db):
    AuditEntry.objects.all().delete()
    add_entries(AuditSeal.LIMIT + 3)

    assert [seal_entries(at=timezone.now()) for _ in range(2)] == [AuditSeal.LIMIT + 3, 0]
    assert [len(seal.entries) for seal in AuditSeal.objects.all()] == [AuditSeal.LIMIT, 3]
    assert faults() == []


def test_the_cost_of_a_seal_does_not_grow_with_the_table(db, queries):
    for count in (3, 200):
        add_entries(count)
        seal_entries(at=timezone.now())
    add_entries(3)
    queries.clear()

    seal_entries(at=timezone.now())

    assert len([query for query in queries if "SAVEPOINT" not in query]) == 8


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_sealers_make_one_chain():
    AuditEntry.objects.all().delete()
    start, count = Barrier(20), 0

    def seal(_number):
        start.wait()
        try:
            sealed = 0
            for _ in range(3):
                add_entries(2)
                sealed += seal_entries(at=timezone.now())
            return sealed
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        count = sum(pool.map(seal, range(20)))

    seals = list(AuditSeal.objects.order_by("number"))
    assert [seal.number for seal in seals] == [*range(1, len(seals) + 1)]
    keys = [key for seal in seals for key, _digest in seal.entries]
    assert sorted(keys) == sorted(AuditEntry.objects.values_list("pk", flat=True))
    assert (count, len(keys), faults()) == (120, 120, [])


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_with_a_lower_id_is_sealed_later():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    AuditEntry.objects.all().delete()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            (early,) = add_entries(1)

            def commit_later():
                try:
                    add_entries(1)
                    return seal_entries(at=timezone.now())
                finally:
                    connection.close()

            assert pool.submit(commit_later).result() == 1
        assert (chain_state().unsealed, faults()) == (1, [])
        seal_entries(at=timezone.now())

    assert early.pk < AuditEntry.objects.exclude(pk=early.pk).get().pk
    assert AuditEntry.objects.get(pk=early.pk).seal_number == 2
    assert faults() == []


def test_sealing_is_scheduled_once(db):
    ensure_sealing()
    ensure_sealing()

    task = PeriodicTask.objects.get(name="seal_audit")
    assert (str(task.interval), task.task) == ("every 5 seconds", seal_audit.name)


def test_the_task_seals_new_entries(db):
    add_entries(1)
    seal_audit()
    assert chain_state().unsealed == 0


# Faults ----------------------------------------------------------------------------------------

CHANGED = {
    "at": lambda row: row.at + timedelta(microseconds=1),
    "actor_id": lambda row: 7,
    "way": lambda row: "api",
    "action": lambda row: "deleted",
    "model": lambda row: "forum.message",
    "key": lambda row: "0" + row.key,
    "fields": lambda row: [],
    "changes": lambda row: row.changes | {"b": [1, 0]},
    "program": lambda row: "x",
}


def test_every_column_of_an_entry_is_in_the_hash():
    names = {field.name for field in AuditEntry._meta.concrete_fields}
    assert names - CHANGED.keys() == {"id", "seal_number"}


@pytest.mark.parametrize("column", CHANGED)
def test_a_changed_entry_is_found(column, chain):
    row = entry(2)
    AuditEntry.objects.filter(pk=row.pk).update(**{column: CHANGED[column](row)})

    assert faults() == [f"entry {row.pk}: changed since seal 2"]


def test_a_deleted_entry_is_found(chain):
    row = entry(3)
    AuditEntry.objects.filter(pk=row.pk).delete()
    assert faults() == [f"entry {row.pk}: deleted: seal 2 has it"]


def test_an_entry_inserted_into_a_seal_is_found(chain):
    (row,) = add_entries(1, seal_number=2)
    assert faults() == [f"entry {row.pk}: inserted: seal 2 does not have it"]


@pytest.mark.parametrize("number", [0, 99])
def test_an_entry_inserted_under_an_impossible_seal_is_found(number, chain):
    (row,) = add_entries(1, seal_number=number)
    message = "seal 0: missing, and 1 entries name it"
    assert faults() == [
        message if number == 0 else f"entry {row.pk}: inserted: there is no seal 99"
    ]


def test_an_entry_inserted_with_an_old_time_and_sealed_later_is_found(chain):
    (row,) = add_entries(1, at=timezone.now() - timedelta(days=3))
    assert faults() == ["entries: 1 without a seal, the oldest of DAY"]
    seal_entries(at=timezone.now())
    assert faults() == [f"entry {row.pk}: inserted: sealed by 4, too late for its time"]


def test_entries_of_a_day_without_sealing_are_no_fault_once_sealed(chain):
    tomorrow = timezone.now() + timedelta(days=1)
    add_entries(AuditSeal.LIMIT + 1)
    assert faults(at=tomorrow) == [
        f"entries: {AuditSeal.LIMIT + 1} without a seal, the oldest of DAY"
    ]
    seal_entries(at=tomorrow)
    assert faults(at=tomorrow) == []


def test_an_altered_seal_is_found(chain):
    seal = AuditSeal.objects.get(number=2)
    row = entry(2)
    AuditEntry.objects.filter(pk=row.pk).update(way="api")
    seal.entries = [[row.pk, AuditEntry.objects.get(pk=row.pk).digest()], seal.entries[1]]
    seal.save()
    assert faults() == ["seal 2: altered: its content has another hash"]

    seal.hash = seal.digest()
    seal.save()
    assert faults() == ["seal 3: broken link: it does not follow seal 2"]


@pytest.mark.parametrize("broken", [{"a": 1}, [1, 2], "x", [["1", "x"]], [[[1], "x"]]])
def test_a_broken_list_in_a_seal_is_named_and_the_walk_goes_on(broken, chain):
    AuditSeal.objects.filter(number=2).update(entries=broken)
    AuditEntry.objects.filter(pk=entry(4).pk).update(key="x")

    assert faults() == [
        "seal 2: altered: its content has another hash",
        "seal 2: unreadable: its entries are not pairs of an id and a hash",
        f"entry {entry(4).pk}: changed since seal 3",
    ]


def test_an_altered_last_seal_is_found(chain):
    seal = AuditSeal.objects.get(number=3)
    seal.sealed_at += timedelta(microseconds=1)
    seal.hash = seal.digest()
    seal.save()
    assert faults() == ["seal 3: altered: the head has another hash"]


def test_a_gap_is_found(chain):
    AuditSeal.objects.filter(number=2).delete()
    assert faults() == ["seal 2: missing, and 2 entries name it", "seals 2 to 2: missing"]


def test_a_removed_end_is_found_by_the_head_and_by_a_noted_hash(chain):
    noted = chain_state().hash
    assert faults(head=noted) == []
    AuditEntry.objects.filter(seal_number=3).delete()
    AuditSeal.objects.filter(number=3).delete()
    assert faults() == ["seals 3 to 3: missing: the head is 3"]

    last = AuditSeal.objects.get(number=2)
    AuditHead.objects.update(number=2, hash=last.hash)
    assert faults() == []
    assert faults(head=noted) == [
        f"head {noted}: no seal has this hash: the chain was cut or rewritten"
    ]


def test_a_head_that_was_moved_back_is_found(chain):
    AuditHead.objects.all().delete()
    assert faults() == ["seal 3: beyond the head"]


def test_verification_since_a_time_trusts_the_seals_before(chain):
    row, second = entry(0), AuditSeal.objects.get(number=2)
    AuditEntry.objects.filter(pk=row.pk).update(way="api")

    assert faults(since=second.sealed_at) == []
    verification = Verification(since=second.sealed_at)
    assert list(verification.faults(at=timezone.now())) == []
    assert (verification.seals, verification.entries) == (2, 4)
    assert faults(since=timezone.now() + timedelta(days=1)) == []
    AuditSeal.objects.filter(number=1).delete()
    assert faults(since=second.sealed_at) == []


# The command -----------------------------------------------------------------------------------


def test_the_command_prints_the_head_and_fails_for_a_fault(chain, capsys):
    call_command("verify_audit", "--head", chain_state().hash.upper())
    assert capsys.readouterr().out.splitlines() == [
        "6 entries in 3 seals, 0 faults; 0 not sealed yet",
        f"head 3 {chain_state().hash}",
    ]
    AuditEntry.objects.filter(pk=entry(0).pk).delete()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit")
    assert ended.value.code == 1
    call_command("verify_audit", "--since", "2999-01-01")
    with pytest.raises(CommandError, match="--since soon: give a day"):
        call_command("verify_audit", "--since", "soon")


def test_the_hash_does_not_depend_on_the_database():
    row = AuditEntry(
        pk=7, at=timezone.datetime.fromisoformat("2026-03-10T12:00:00.000001-03:00"), actor_id=3,
        way="page", action="changed", model="forum.room", key="7", fields=["é"],
        changes={"b": [1e22, 2], "a": [1.0, None]},
    )  # fmt: skip
    digest = row.digest()
    row.at = row.at.astimezone(timezone.get_fixed_timezone(0))
    row.changes = {"a": [1, None], "b": [10**22, 2]}
    assert row.digest() == digest
    assert digest == "8bb9e057b34f26a94b178162c1fd8cb3143f6d4419e8900ecbf20f8b21c0da8c"
