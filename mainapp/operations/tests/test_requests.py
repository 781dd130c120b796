"""Requests, limits, the sweep, and the tasks that queue reports."""

from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.deletion import delete_account
from mainapp.clubs.tests.factories import make_club
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import RateLimited
from mainapp.core.tests.threads import in_threads
from mainapp.operations import tasks
from mainapp.operations.models import Report
from mainapp.operations.policies import KEPT, MAX_OPEN
from mainapp.operations.services.reports.files import ORPHAN_S
from mainapp.operations.services.reports.leases import claim_report
from mainapp.operations.services.reports.requests import cancel_report, request_report
from mainapp.operations.services.reports.sweeping import sweep_files
from mainapp.operations.tests.factories import ReportFactory, run_to_end


def request(owner, kind="alerts", **fields):
    return request_report(owner=owner, kind=kind, at=timezone.now(), **fields)


def refusal(*arguments, **fields):
    with pytest.raises(DomainError) as refused:
        request(*arguments, **fields)
    return refused.value.code, refused.value.fields


@pytest.fixture
def queued(monkeypatch):
    sent = []
    monkeypatch.setattr(
        tasks.make_report, "apply_async", lambda args, **_options: sent.append(*args)
    )
    return sent


def test_a_report_is_queued_after_the_commit(alice, queued, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        report = request(alice)
        assert queued == []
    assert queued == [report.pk]
    assert (report.state, report.format, report.params) == ("pending", "csv", {})


def test_a_report_that_was_never_queued_is_sent_by_the_sweep(
    alice, monkeypatch, django_capture_on_commit_callbacks
):
    def fail(*_arguments, **_options):
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(tasks.make_report, "apply_async", fail)
        with django_capture_on_commit_callbacks(execute=True):
            report = request(alice)
    monkeypatch.setattr(
        tasks.make_report, "apply_async", lambda args, **_options: tasks.make_report(*args)
    )
    tasks.sweep_reports()
    report.refresh_from_db()
    assert report.state == "done"


def test_finished_reports_let_waiting_ones_begin(alice, queued):
    first, second = ReportFactory(owner=alice), ReportFactory(owner=alice)
    tasks.make_report(first.pk)
    assert queued == [second.pk]
    tasks.make_report(second.pk)
    tasks.make_report(second.pk)  # a copy
    assert queued == [second.pk]


def test_unknown_and_foreign_kinds_are_refused(alice, bob):
    make_club(bob, alice, slug="clube")
    assert refusal(alice, "all") == (
        "invalid",
        {"kind": ["Este tipo de relatório não existe."]},
    )
    assert refusal(alice, "active_users") == ("forbidden", {})
    assert refusal(alice, "club_activity") == ("forbidden", {})
    assert refusal(alice, params={"since": 1}) == (
        "invalid",
        {"params.since": ["Este campo não existe aqui."]},
    )
    assert refusal(bob, "club_activity") == (
        "invalid",
        {"params.club": ["Escolha o clube do relatório."]},
    )
    for club in ("outro", ["clube"], 1):
        code, fields = refusal(bob, "club_activity", params={"club": club})
        assert (code, list(fields)) == ("invalid", ["params.club"])
    assert request(bob, "club_activity", params={"club": "clube"}).params == {"club": "clube"}


def test_a_user_has_few_open_reports_and_a_number_a_day(alice, settings):
    for _ in range(MAX_OPEN):
        report = request(alice)
    assert refusal(alice)[0] == "limit_reached"
    cancel_report(owner=alice, report_pk=report.pk, at=timezone.now())
    settings.REPORTS_A_DAY = MAX_OPEN + 1
    request(alice)
    with pytest.raises(RateLimited):
        request(alice)


@pytest.mark.django_db(transaction=True)
def test_the_number_of_open_reports_is_exact_under_concurrent_requests(transactional_db):
    alice = User.objects.create_user("alice")
    results = in_threads([lambda: request(alice)] * 8)
    assert sum(isinstance(result, Report) for result in results) == MAX_OPEN
    assert Report.objects.count() == MAX_OPEN


def test_only_the_owner_cancels_and_only_open_reports(alice, bob, reports_dir):
    report = ReportFactory(owner=alice)
    at = timezone.now()
    with pytest.raises(Report.DoesNotExist):
        cancel_report(owner=bob, report_pk=report.pk, at=at)
    for _ in range(2):
        assert cancel_report(owner=alice, report_pk=report.pk, at=at).state == "cancelled"
    assert claim_report(report_pk=report.pk) is None
    done = run_to_end(ReportFactory(owner=alice))
    with pytest.raises(DomainError, match="Este relatório já terminou"):
        cancel_report(owner=alice, report_pk=done.pk, at=at)
    assert (reports_dir / done.file).exists()


def test_files_are_deleted_after_their_time_and_rows_stay(alice, reports_dir):
    report = run_to_end(ReportFactory(owner=alice))
    sweep_files(at=timezone.now() + KEPT - timedelta(minutes=1))
    assert (reports_dir / report.file).exists()
    sweep_files(at=timezone.now() + KEPT)
    report.refresh_from_db()
    assert (report.state, report.file, report.is_gone) == ("done", "", True)
    assert list(reports_dir.iterdir()) == []


def test_old_files_of_no_report_are_removed(alice, reports_dir, monkeypatch):
    report = run_to_end(ReportFactory(owner=alice))
    (reports_dir / f"{'0' * 32}-1.rows").write_bytes(b"lost")
    assert sweep_files(at=timezone.now()) == 0  # new files may be of a report of this moment
    monkeypatch.setattr(
        "mainapp.operations.services.reports.files.time.time",
        lambda: timezone.now().timestamp() + ORPHAN_S + 1,
    )
    assert sweep_files(at=timezone.now()) == 1
    assert [path.name for path in reports_dir.iterdir()] == [report.file]


def test_a_deleted_account_leaves_no_file(alice, reports_dir, django_capture_on_commit_callbacks):
    run_to_end(ReportFactory(owner=alice))
    with django_capture_on_commit_callbacks(execute=True):
        delete_account(user=alice)
    assert list(reports_dir.iterdir()) == []
