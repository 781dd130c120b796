"""The page of reports, its list while it is polled, and downloads."""

from datetime import UTC, datetime

import pytest
from django.test import AsyncClient, Client

from mainapp.accounts.models import User
from mainapp.clubs.models import ClubMember
from mainapp.clubs.tests.factories import make_club
from mainapp.core import downloads
from mainapp.core.redis import client as redis_client
from mainapp.market import board
from mainapp.operations.models import Report
from mainapp.operations.policies import MAX_OPEN
from mainapp.operations.services.reports.requests import delete_report
from mainapp.operations.tests.factories import ReportFactory, make_mails, run_to_end

PATH = "/relatorios/"
WAITING = "O serviço que gera os relatórios"


@pytest.fixture
def browser(alice):
    browser = Client()
    browser.force_login(alice)
    return browser


@pytest.fixture
def done(alice):
    return ReportFactory(owner=alice, state="done", file="a-1.rows")


def polled(browser):
    return browser.get(PATH, headers={"HX-Request": "true"}).content.decode()


def start_worker():
    board.Board(kind="simulated", redis_client=redis_client()).renew_worker_lease()


def test_a_request_on_the_page(browser, alice):
    response = browser.post(PATH, {"subject": "alerts", "format": "xlsx"})
    assert (response.status_code, response.url) == (302, PATH)
    assert list(Report.objects.values_list("owner", "kind", "format", "state")) == [
        (alice.pk, "alerts", "xlsx", "pending")
    ]


def test_refusals_are_in_the_form(browser):
    html = browser.post(PATH, {"subject": "active_users", "format": "pdf"}).content.decode()
    assert html.count('class="field-error"') == 2
    for _ in range(MAX_OPEN):
        browser.post(PATH, {"subject": "alerts", "format": "csv"})
    html = browser.post(PATH, {"subject": "alerts", "format": "csv"}).content.decode()
    assert "São até 3 relatórios de cada vez: espere um terminar." in html


def test_the_list_is_polled_only_while_a_report_is_open(browser, alice):
    assert "hx-get" not in polled(browser)
    report = ReportFactory(owner=alice, state="processing", progress=40)
    html = polled(browser)
    assert 'hx-trigger="every 2s"' in html
    assert f'<progress max="100" value="40" aria-labelledby="report-{report.pk}">' in html
    assert "<html" not in html
    Report.objects.update(state="cancelled")
    assert "hx-get" not in polled(browser)


def test_the_list_tells_when_no_worker_lives(browser, alice):
    redis_client().delete(board.WORKER_KEY, board.WORKER_SEEN_KEY)
    assert WAITING not in polled(browser)  # nothing waits
    ReportFactory(owner=alice)
    assert f"{WAITING} ainda não foi iniciado: os pedidos ficam na fila." in polled(browser)
    seen = datetime(2026, 3, 10, 15, 5, tzinfo=UTC)
    redis_client().set(board.WORKER_SEEN_KEY, int(seen.timestamp()))
    assert f"{WAITING} está parado desde 10/03/2026, 12:05: os pedidos ficam na fila." in polled(
        browser
    )
    start_worker()
    assert WAITING not in polled(browser)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_page_do_not_grow(browser, alice, count, django_assert_max_num_queries):
    for _ in range(count):
        ReportFactory(owner=alice)
    browser.get(PATH)
    with django_assert_max_num_queries(6):
        browser.get(PATH)


def test_a_download_is_the_file(browser, alice, reports_dir):
    report = run_to_end(ReportFactory(owner=alice))
    response = browser.get(f"{PATH}{report.pk}/download/")
    assert b"".join(response) == (reports_dir / report.file).read_bytes()
    assert response["Content-Disposition"] == (
        f'attachment; filename="pregao-alerts-{report.pk}.csv"'
    )
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "no-store"


async def test_a_download_comes_in_pieces_under_asgi(browser, done, reports_dir, monkeypatch):
    """Django drains a plain iterator before it sends the first byte."""
    monkeypatch.setattr(downloads, "PIECE", 10)
    reports_dir.mkdir()
    (reports_dir / done.file).write_bytes(b"0123456789" * 3)
    client = AsyncClient()
    client.cookies = browser.cookies
    response = await client.get(f"{PATH}{done.pk}/download/")
    assert response.is_async
    assert [piece async for piece in response] == [b"0123456789"] * 3


def test_only_the_owner_downloads(browser, bob, client):
    bob.access_level = "admin"
    bob.save()
    report = run_to_end(ReportFactory(owner=bob))
    path = f"{PATH}{report.pk}/download/"
    assert browser.get(path).status_code == 404
    assert client.get(path).status_code == 302
    client.force_login(bob)
    assert b"".join(client.get(path)).startswith(b"\xef\xbb\xbfAlerta;")


def test_files_that_are_not_there_are_404(browser, alice, reports_dir):
    pending, done = ReportFactory(owner=alice), run_to_end(ReportFactory(owner=alice))
    (reports_dir / done.file).unlink()
    for report in (pending, done):
        assert browser.get(f"{PATH}{report.pk}/download/").status_code == 404


def test_demoted_people_download_nothing(browser, alice):
    make_mails(1)
    User.objects.filter(pk=alice.pk).update(access_level="admin")
    club = make_club(alice)
    reports = [
        run_to_end(ReportFactory(owner=alice, kind="mail_log")),
        run_to_end(ReportFactory(owner=alice, kind="club_activity", params={"club": club.slug})),
    ]
    assert all(b"".join(browser.get(f"{PATH}{report.pk}/download/")) for report in reports)
    User.objects.filter(pk=alice.pk).update(access_level="user")
    ClubMember.objects.update(role="member")
    statuses = [browser.get(f"{PATH}{report.pk}/download/").status_code for report in reports]
    assert statuses == [403, 403]


def test_cancellation_and_deletion_on_the_page(browser, alice, reports_dir):
    report = ReportFactory(owner=alice)
    assert browser.post(f"{PATH}{report.pk}/cancel/").url == PATH
    report.refresh_from_db()
    assert report.state == "cancelled"
    assert "Apagar “Alertas”?" in browser.get(f"{PATH}{report.pk}/delete/").content.decode()
    assert browser.post(f"{PATH}{report.pk}/delete/").url == PATH
    assert not Report.objects.exists()


def test_another_page_may_have_deleted_it(browser, alice):
    report = ReportFactory(owner=alice)
    delete_report(owner=alice, report_pk=report.pk)
    assert browser.post(f"{PATH}{report.pk}/cancel/").status_code == 404


def test_expired_and_failed_reports_say_so(browser, alice):
    ReportFactory(owner=alice, state="done")
    ReportFactory(owner=alice, state="failed", error="Sem espaço.")
    html = browser.get(PATH).content.decode()
    assert "arquivo apagado" in html
    assert "Sem espaço." in html
    assert "download-" not in html
