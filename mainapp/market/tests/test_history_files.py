from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from mainapp.accounts.models import User
from mainapp.market import tasks
from mainapp.market.models import ExchangeDay, HistoryFile
from mainapp.market.services.history_files import ABANDONED, keep_file, load_waiting_files
from mainapp.market.services.scheduling import ensure_periodic_tasks
from mainapp.market.tests.factories import NOON, StockFactory
from tests.cotahist import record, text, zipped

pytestmark = pytest.mark.django_db

DAY = date(2024, 4, 16)
GOOD = zipped(text([record("PETR4", DAY, close=3842)]))
CUT = text([record("PETR4", DAY, close=3842)], count=9)
ADD = "admin:market_historyfile_add"
LIST = "admin:market_historyfile_changelist"


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def queued(monkeypatch):
    calls = []
    monkeypatch.setattr(tasks.load_history_files, "apply_async", lambda **_: calls.append(1))
    return calls


def upload(admin, content, name="COTAHIST_D16042024.ZIP"):
    return admin.post(reverse(ADD), {"file": SimpleUploadedFile(name, content)})


def kept(content):
    row = HistoryFile()
    keep_file(row, name="COTAHIST_M042024.ZIP", content=content, at=NOON)
    return row


def test_upload_waits_for_the_worker_which_loads_it(
    admin, queued, django_capture_on_commit_callbacks
):
    StockFactory(symbol="PETR4")
    with django_capture_on_commit_callbacks(execute=True):
        assert upload(admin, GOOD).status_code == 302
    assert queued == [1]
    row = HistoryFile.objects.get()
    assert (row.state, bytes(row.content)) == ("waiting", GOOD)
    assert "aguardando o worker" in admin.get(reverse(LIST)).content.decode()

    tasks.load_history_files()
    row.refresh_from_db()
    assert (row.state, row.records, row.added, bytes(row.content)) == ("loaded", 1, 1, b"")
    assert ExchangeDay.objects.get().day == DAY
    assert "16/04/2024" in admin.get(reverse(LIST)).content.decode()


def test_refused_file_says_why_and_keeps_nothing(admin):
    StockFactory(symbol="PETR4")
    row = kept(CUT)
    load_waiting_files(at=NOON)
    row.refresh_from_db()
    assert (row.state, row.fault, bytes(row.content)) == ("refused", "count", b"")
    assert not ExchangeDay.objects.exists()
    sentence = "O registro final conta 9 registros, e o arquivo tem 1."
    detail = reverse("admin:market_historyfile_change", args=[row.pk])
    for page in (reverse(LIST), detail):
        assert sentence in admin.get(page).content.decode()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"<html>404</html>", "Isto não é um arquivo COTAHIST da B3"),
        (GOOD[:-20], "O zip está cortado ou danificado"),
    ],
)
def test_other_file_is_refused_at_once(admin, content, text):
    response = upload(admin, content)
    assert response.status_code == 200
    assert text in response.content.decode()
    assert not HistoryFile.objects.exists()


def test_file_is_loaded_by_one_worker_and_again_if_that_died():
    StockFactory(symbol="PETR4")
    row = kept(GOOD)
    HistoryFile.objects.update(started_at=NOON)
    load_waiting_files(at=NOON + timedelta(minutes=1))
    assert not ExchangeDay.objects.exists()
    load_waiting_files(at=NOON + ABANDONED + timedelta(minutes=1))
    row.refresh_from_db()
    assert row.state == "loaded"


def test_list_does_not_read_the_files(admin, django_assert_num_queries):
    kept(GOOD)
    admin.get(reverse(LIST))
    with django_assert_num_queries(5) as queries:
        admin.get(reverse(LIST))
    assert not any('"content"' in query["sql"] for query in queries)


def test_uploads_are_looked_for_every_minute():
    for _ in range(2):
        ensure_periodic_tasks()

    task = PeriodicTask.objects.get(task="load_history_files")
    assert (task.interval.every, task.interval.period) == (60, "seconds")
