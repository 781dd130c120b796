"""The work on reports: files, resumption, leases, cancellation and refusals."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.db.models.functions import Now
from django.utils import timezone

from mainapp.accounts.models import Preferences, User
from mainapp.core.tests.threads import in_threads
from mainapp.notifications.models import Notification
from mainapp.operations.models import Report
from mainapp.operations.policies import LEASE, MAX_RUNNING, MAX_TRIES
from mainapp.operations.services.reports import making
from mainapp.operations.services.reports.leases import claim_report, due_reports
from mainapp.operations.services.reports.making import run_report
from mainapp.operations.services.reports.requests import cancel_report, delete_report
from mainapp.operations.tests.factories import ReportFactory, make_mails, run_to_end
from mainapp.portfolio.models import Carteira


class KilledError(Exception):
    """Ends the worker here, like a signal."""


@pytest.fixture
def admin(db):
    return User.objects.create_user("root", access_level="admin")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(making, "BATCH", 3)


def file_of(report, reports_dir):
    return (reports_dir / report.file).read_bytes()


def expire_lease(report):
    Report.objects.filter(pk=report.pk).update(lease_until=Now() - timedelta(seconds=1))


def kill_after(monkeypatch, batches, name="store"):
    """Make a worker end after it has written some batches, before the row is updated."""
    original, calls = getattr(making, name), []

    def call_or_die(*args, **options):
        original(*args, **options)
        calls.append(1)
        if len(calls) > batches:
            monkeypatch.setattr(making, name, original)
            raise KilledError

    monkeypatch.setattr(making, name, call_or_die)


def test_a_file_has_a_heading_and_every_row(alice, reports_dir, stock):
    Carteira.objects.create(owner=alice, ativo=stock, preco_medio="36.50", quantidade=10, nota=7)
    report = run_to_end(ReportFactory(owner=alice, kind="carteira"))

    assert (report.state, report.progress, report.rows) == ("done", 100, 1)
    assert file_of(report, reports_dir).decode() == (
        "\ufeffAtivo;Nome;Quantidade;Preço médio;Custo;Nota\r\n"
        f"PETR4;{stock.name};10;36,50;365,00;7\r\n"
    )
    assert [path.name for path in reports_dir.iterdir()] == [report.file]


def test_headings_are_in_the_owners_language(alice, reports_dir):
    Preferences.objects.create(user=alice, language="en")
    report = run_to_end(ReportFactory(owner=alice, kind="carteira"))
    assert file_of(report, reports_dir).decode().startswith("\ufeffStock;Name;Quantity;")
    assert Notification.objects.get().title == "Report ready: Portfolio"


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_killed_worker_leaves_no_row_out_and_none_twice(
    admin, reports_dir, monkeypatch, format, batches
):
    make_mails(8)
    undisturbed = run_to_end(ReportFactory(owner=admin, kind="mail_log", format=format))
    report = ReportFactory(owner=admin, kind="mail_log", format=format)
    kill_after(monkeypatch, batches)
    with pytest.raises(KilledError):
        run_report(report_pk=report.pk)
    assert run_report(report_pk=report.pk) is False  # the lease lasts

    expire_lease(report)
    report = run_to_end(report)

    assert (report.state, report.rows, report.claims) == ("done", 8, 2)
    assert rows_of(report, reports_dir) == rows_of(undisturbed, reports_dir)
    assert len(list(reports_dir.iterdir())) == 2


def rows_of(report, reports_dir):
    content = file_of(report, reports_dir)
    if report.format == "csv":
        return list(csv.reader(io.StringIO(content.decode()), delimiter=";"))
    sheets = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    return [list(row) for sheet in sheets for row in sheet.iter_rows(values_only=True)]


def test_a_worker_killed_while_packing_packs_again(admin, reports_dir, monkeypatch):
    make_mails(4)
    report = ReportFactory(owner=admin, kind="mail_log", format="xlsx")
    kill_after(monkeypatch, 0, "write_workbook")
    with pytest.raises(KilledError):
        run_report(report_pk=report.pk)
    expire_lease(report)
    report = run_to_end(report)
    assert (report.state, len(rows_of(report, reports_dir))) == ("done", 5)
    assert [path.name for path in reports_dir.iterdir()] == [report.file]


def test_a_paused_worker_that_lost_its_lease_changes_nothing(admin, reports_dir, monkeypatch):
    make_mails(8)
    report = ReportFactory(owner=admin, kind="mail_log")
    original = making.store

    def pause(file, data):
        """Let another worker finish the report while this one is paused."""
        monkeypatch.setattr(making, "store", original)
        expire_lease(report)
        run_to_end(report)
        original(file, data)

    monkeypatch.setattr(making, "store", pause)
    run_report(report_pk=report.pk)

    report.refresh_from_db()
    assert (report.state, report.rows, report.claims) == ("done", 8, 2)
    assert len(rows_of(report, reports_dir)) == 9
    assert [path.name for path in reports_dir.iterdir()] == [report.file]
    assert Notification.objects.filter(kind="report").count() == 1


def test_rows_written_after_the_start_are_left_out(admin, reports_dir, monkeypatch):
    make_mails(4)
    report = ReportFactory(owner=admin, kind="mail_log")
    kill_after(monkeypatch, 1)
    with pytest.raises(KilledError):
        run_report(report_pk=report.pk)
    make_mails(4)
    expire_lease(report)
    assert run_to_end(report).rows == 4


def test_a_long_report_lets_others_work(admin, reports_dir, monkeypatch):
    make_mails(8)
    monkeypatch.setattr(making, "SLICE_S", 0.0)
    first, second = (ReportFactory(owner=admin, kind="mail_log") for _ in range(2))
    assert run_report(report_pk=first.pk) is True
    assert due_reports() == [second.pk, first.pk]
    monkeypatch.undo()
    first = run_to_end(first)
    assert (first.state, first.rows, first.claims) == ("done", 8, 2)


def test_a_lost_file_begins_again(admin, reports_dir, monkeypatch):
    make_mails(8)
    report = ReportFactory(owner=admin, kind="mail_log")
    kill_after(monkeypatch, 2)
    with pytest.raises(KilledError):
        run_report(report_pk=report.pk)
    for path in reports_dir.iterdir():
        path.unlink()
    expire_lease(report)
    report = run_to_end(report)
    assert (report.state, len(rows_of(report, reports_dir))) == ("done", 9)


@pytest.mark.django_db(transaction=True)
def test_copies_of_a_task_make_one_file(transactional_db, reports_dir):
    admin = User.objects.create_user("root", access_level="admin")
    make_mails(8)
    report = ReportFactory(owner=admin, kind="mail_log")
    results = in_threads([lambda: run_report(report_pk=report.pk)] * 4)
    assert sorted(results) == [False, False, False, True]
    report.refresh_from_db()
    assert (report.state, report.claims, len(rows_of(report, reports_dir))) == ("done", 1, 9)
    assert Notification.objects.count() == 1


def test_few_reports_are_made_at_the_same_time(admin):
    reports = [ReportFactory(owner=admin) for _ in range(MAX_RUNNING + 1)]
    claims = [claim_report(report_pk=report.pk) for report in reports]
    assert [bool(claim) for claim in claims] == [True] * MAX_RUNNING + [False]
    expire_lease(reports[0])
    assert due_reports() == [reports[-1].pk, reports[0].pk]


def test_a_lease_far_ahead_is_of_a_wrong_clock(admin):
    report = ReportFactory(owner=admin)
    assert claim_report(report_pk=report.pk)
    assert due_reports() == []
    Report.objects.update(lease_until=Now() + 3 * LEASE)
    assert due_reports() == [report.pk]


def test_a_report_that_kills_its_workers_fails_with_a_reason(admin, reports_dir, monkeypatch):
    make_mails(1)
    report = ReportFactory(owner=admin, kind="mail_log")
    for _ in range(MAX_TRIES):
        kill_after(monkeypatch, 0)
        with pytest.raises(KilledError):
            run_report(report_pk=report.pk)
        expire_lease(report)
    report = run_to_end(report)
    assert (report.state, report.file, list(reports_dir.iterdir())) == ("failed", "", [])
    assert report.error == "O servidor não conseguiu terminar em 5 tentativas. Peça de novo."
    notice = Notification.objects.get()
    assert (notice.kind, notice.url, notice.body) == ("report", "/relatorios/", report.error)


def test_a_full_disk_is_tried_again(admin, reports_dir, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    make_mails(1)
    report = ReportFactory(owner=admin, kind="mail_log")
    with monkeypatch.context() as patch:
        patch.setattr(making, "store", fail)
        assert run_report(report_pk=report.pk) is True
    report.refresh_from_db()
    assert (report.state, report.lease_until, report.tries) == ("processing", None, 1)
    assert run_to_end(report).state == "done"


@pytest.mark.parametrize("end", [cancel_report, delete_report])
def test_a_report_ended_in_the_middle_leaves_no_file(
    admin, reports_dir, monkeypatch, django_capture_on_commit_callbacks, end
):
    make_mails(8)
    report = ReportFactory(owner=admin, kind="mail_log")
    original, at = making.store, {} if end is delete_report else {"at": timezone.now()}

    def store_and_end(file, data):
        original(file, data)
        monkeypatch.setattr(making, "store", original)
        with django_capture_on_commit_callbacks(execute=True):
            end(owner=admin, report_pk=report.pk, **at)

    monkeypatch.setattr(making, "store", store_and_end)
    run_report(report_pk=report.pk)
    assert list(reports_dir.iterdir()) == []
    states = Report.objects.values_list("state", "file", "lease_until")
    assert list(states) == ([] if end is delete_report else [("cancelled", "", None)])
    assert not Notification.objects.exists()


def test_a_demoted_admin_gets_no_report(admin, reports_dir, monkeypatch):
    make_mails(8)
    report = ReportFactory(owner=admin, kind="mail_log")
    original = making.store

    def store_and_demote(file, data):
        original(file, data)
        User.objects.filter(pk=admin.pk).update(access_level="user")

    monkeypatch.setattr(making, "store", store_and_demote)
    report = run_to_end(report)
    assert (report.state, report.file, list(reports_dir.iterdir())) == ("failed", "", [])
    assert report.error == "Você não tem mais permissão para este relatório."
