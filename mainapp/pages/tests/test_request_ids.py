import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import httpx
import pytest
from celery import shared_task
from celery.signals import task_postrun, task_prerun
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import Client

from mainapp.accounts.models import User
from mainapp.core import request_ids
from mainapp.core.contexts import Context, current_context, current_request_id, handling
from mainapp.core.logs.formats import JsonFormatter
from mainapp.core.request_ids import FROM_PROXY, TASK_HEADER, received_request_id
from project.asgi import application

ID = "3f2a-ABC"


@shared_task(name="report_request_id")
def report_request_id():
    return current_context()


def run(task, **headers):
    """Run a task's function between the signals of a worker."""
    fake = SimpleNamespace(name=task.name, request=headers)
    task_prerun.send(sender=task, task_id="t", task=fake)
    try:
        return task.run()
    finally:
        task_postrun.send(sender=task, task_id="t", task=fake)


@pytest.fixture
def request_page():
    """Return a function that requests an address through the whole ASGI application."""

    async def get(path, headers=(), *, is_from_proxy=False):
        async def app(scope, receive, send):
            if is_from_proxy:
                scope[FROM_PROXY] = True
            await application(scope, receive, send)

        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path, headers=dict(headers))

    return get


@pytest.mark.parametrize(
    ("value", "is_from_proxy", "is_kept"),
    [
        (ID, True, True),
        ("a" * 64, True, True),
        (ID, False, False),
        ("a" * 65, True, False),
        ("a b", True, False),
        ("a\n", True, False),
        ("ação", True, False),
        ("", True, False),
    ],
)
def test_only_a_valid_id_of_a_trusted_proxy_is_kept(value, is_from_proxy, is_kept):
    header = (b"x-request-id", value.encode("latin-1"))
    scope = {"headers": [header], FROM_PROXY: is_from_proxy}

    received = received_request_id(scope)

    assert (received == value) is is_kept
    assert is_kept or len(received) == 32


def test_two_ids_are_none():
    header = (b"x-request-id", ID.encode())

    assert received_request_id({"headers": [header, header], FROM_PROXY: True}) != ID


@pytest.mark.parametrize("path", ["/privacy/", "/missing/", "/api/v1/stocks/", "/static/x", "/%00"])
async def test_every_response_has_the_id(request_page, db, path):
    response = await request_page(path, {"X-Request-ID": ID}, is_from_proxy=True)
    other = await request_page(path, {"X-Request-ID": ID})

    assert response.headers.get_list("x-request-id") == [ID]
    assert len(other.headers["x-request-id"]) == 32


async def test_records_of_a_refused_request_have_its_id(request_page, db, caplog, as_json):
    """Django logs them outside of its own middleware."""
    caplog.set_level("WARNING", "django.request")
    await request_page("/missing/", {"X-Request-ID": ID}, is_from_proxy=True)

    (record,) = [record for record in as_json if record["logger"] == "django.request"]
    assert record["request_id"] == ID
    assert record["way"] == "page"


@pytest.fixture
def as_json():
    """Return the records that are logged during the test, as they are written in JSON."""
    records = []

    class Handler(logging.Handler):
        def emit(self, record):
            records.append(json.loads(JsonFormatter().format(record)))

    handler = Handler()
    logging.getLogger().addHandler(handler)
    yield records
    logging.getLogger().removeHandler(handler)


async def test_error_page_and_api_error_name_the_id(request_page, db, monkeypatch):
    def fail(*_args, **_options):
        raise RuntimeError("a defect")

    monkeypatch.setattr("mainapp.pages.middleware.access.consume", fail)
    page = await request_page("/login/", {"X-Request-ID": ID}, is_from_proxy=True)
    api = await request_page("/api/none/", {"X-Request-ID": ID}, is_from_proxy=True)

    assert page.status_code == api.status_code == 500
    assert f"<code>{ID}</code>" in page.text
    assert api.json()["request_id"] == ID


async def test_records_of_fifty_parallel_requests_by_ten_people_do_not_mix(
    transactional_db, as_json
):
    people = [
        await database_sync_to_async(User.objects.create_user)(f"person{number}")
        for number in range(10)
    ]
    cookies = [await database_sync_to_async(log_in)(person) for person in people]

    async def get(number):
        request_id = f"r-{people[number % 10].pk}-{number}"
        transport = httpx.ASGITransport(app=from_proxy)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"X-Request-ID": request_id, "Cookie": cookies[number % 10]}
            # A page for staff: the user is loaded, then Django logs the refusal.
            response = await client.get("/denuncias/", headers=headers)
            return response.status_code, response.headers["x-request-id"] == request_id

    assert set(await asyncio.gather(*map(get, range(50)))) == {(403, True)}

    rows = [row for row in as_json if row["logger"] == "django.request"]
    assert len(rows) == len({row["request_id"] for row in rows}) == 50
    assert {row["view"] for row in rows} == {"complaints"}
    assert {row["request_id"].split("-")[1] == str(row["user_id"]) for row in rows} == {True}


async def from_proxy(scope, receive, send):
    scope[FROM_PROXY] = True
    await application(scope, receive, send)


def log_in(user):
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def test_a_task_has_the_id_of_its_sender(db):
    headers = {}
    with handling(Context(ID, "page")):
        request_ids._add_context(headers=headers)

    context = run(report_request_id, **headers)

    assert headers == {TASK_HEADER: ID}
    assert (context.request_id, context.way, context.place) == (ID, "task", "report_request_id")
    assert current_request_id() == ""


def test_each_run_of_a_periodic_task_has_an_id_of_its_own(db):
    headers = {}
    request_ids._add_context(headers=headers)
    first, second = run(report_request_id), run(report_request_id)

    assert headers == {}
    assert first.request_id != second.request_id


def test_a_forged_id_in_a_task_is_replaced():
    assert len(run(report_request_id, **{TASK_HEADER: "x\ny"}).request_id) == 32


def test_tasks_of_parallel_threads_do_not_mix():
    def one(number):
        fake = SimpleNamespace(name="x", request={TASK_HEADER: f"r-{number}"})
        task_prerun.send(sender=None, task_id=str(number), task=fake)
        time.sleep(0)
        seen = current_request_id()
        task_postrun.send(sender=None, task_id=str(number), task=fake)
        return seen, current_request_id()

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(one, range(200)))

    assert seen == [(f"r-{number}", "") for number in range(200)]
