"""`reports/`."""

import pytest

from mainapp.accounts.models import User
from mainapp.clubs.tests.factories import make_club
from mainapp.core.redis import client as redis_client
from mainapp.market import board
from mainapp.operations.models import Report
from mainapp.operations.tests.factories import ReportFactory, run_to_end

PATH = "/api/v1/reports/"
JSON = "application/json"


@pytest.fixture(autouse=True)
def reports_dir(settings, tmp_path):
    settings.REPORTS_DIR = tmp_path
    return tmp_path


@pytest.fixture
def browser(alice, client):
    client.force_login(alice)
    return client


def test_a_report_from_request_to_download(browser, alice, reports_dir):
    redis_client().delete(board.WORKER_KEY)
    created = browser.post(PATH, {"kind": "alerts", "params": {}}, JSON)
    body = created.json()
    report = Report.objects.get()
    assert created.status_code == 202
    assert (body["id"], body["status"], body["progress"]) == (report.pk, "pending", 0)
    assert (body["waiting_for_worker"], body["file_path"]) == (True, None)
    board.Board(kind="simulated", redis_client=redis_client()).renew_worker_lease()
    assert browser.get(f"{PATH}{report.pk}/").json() == body | {"waiting_for_worker": False}

    run_to_end(report)
    done = browser.get(f"{PATH}{report.pk}/").json()
    assert (done["status"], done["progress"]) == ("done", 100)
    assert done["file_path"] == f"{PATH}{report.pk}/download/"
    assert browser.get(PATH).json()["results"] == [done]
    file = browser.get(done["file_path"])
    report.refresh_from_db()
    assert b"".join(file) == (reports_dir / report.file).read_bytes()
    assert (file["Content-Type"], file["Cache-Control"]) == ("text/csv; charset=utf-8", "no-store")

    assert browser.delete(f"{PATH}{report.pk}/").status_code == 204
    assert browser.get(f"{PATH}{report.pk}/").status_code == 404


def test_an_empty_body_of_an_admin_is_the_active_users(browser, alice):
    refused = browser.post("/api/reports/", b"", JSON)
    assert refused.status_code == 400
    assert refused.json()["fields"] == {"kind": ["Este campo é obrigatório."]}
    User.objects.filter(pk=alice.pk).update(access_level="admin")
    assert browser.post("/api/reports/", b"", JSON).json()["kind"] == "active_users"
    assert browser.post("/api/reports", {}, JSON).json()["status"] == "pending"


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        ({"kind": "all"}, 400, ["kind"]),
        ({"kind": "alerts", "params": {"x": 1}}, 400, ["params.x"]),
        ({"kind": "alerts", "params": []}, 400, ["params"]),
        ({"kind": "alerts", "format": "pdf"}, 400, ["format"]),
        ({"kind": "alerts", "x": 1}, 400, ["x"]),
        ({"params": {}}, 400, ["kind"]),
        ({"kind": "mail_log"}, 403, []),
    ],
)
def test_refused_requests_name_their_fields(browser, body, status, fields):
    response = browser.post(PATH, body, JSON)
    assert (response.status_code, list(response.json()["fields"])) == (status, fields)
    assert not Report.objects.exists()


@pytest.mark.parametrize("slug", ["\ud800", "\0", "x" * 300, {"a": 1}, None])
def test_a_club_that_no_database_can_store_is_refused(browser, alice, slug):
    make_club(alice)

    answer = browser.post(PATH, {"kind": "club_activity", "params": {"club": slug}}, JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "club" in str(answer.json()["fields"])


def test_cancellation_can_be_repeated_until_the_end(browser, alice):
    report = ReportFactory(owner=alice)
    for _ in range(2):
        response = browser.post(f"{PATH}{report.pk}/cancel/", b"", JSON)
        assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    done = run_to_end(ReportFactory(owner=alice))
    response = browser.post(f"{PATH}{done.pk}/cancel/", b"", JSON)
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_reports_of_others_do_not_exist(browser, bob):
    report = run_to_end(ReportFactory(owner=bob))
    requests = [
        browser.get(f"{PATH}{report.pk}/"),
        browser.delete(f"{PATH}{report.pk}/"),
        browser.post(f"{PATH}{report.pk}/cancel/", b"", JSON),
        browser.get(f"{PATH}{report.pk}/download/"),
    ]
    assert [response.status_code for response in requests] == [404] * 4
    assert browser.get(PATH).json()["count"] == 0


def test_a_demoted_admin_downloads_nothing(browser, alice):
    User.objects.filter(pk=alice.pk).update(access_level="admin")
    report = run_to_end(ReportFactory(owner=alice, kind="active_users"))
    path = f"{PATH}{report.pk}/download/"
    assert b"".join(browser.get(path))
    User.objects.filter(pk=alice.pk).update(access_level="user")
    response = browser.get(path)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
