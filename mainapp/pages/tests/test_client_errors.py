"""Wrong requests: a status of the client's, one line in the log, no traceback."""

import io
import logging

import pytest
from asgiref.testing import ApplicationCommunicator

from mainapp.core.logs.filters import ClientErrors
from project.asgi import application

FORM = b"application/x-www-form-urlencoded"


@pytest.fixture
def log():
    """Return what the server's handler would have written."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.addFilter(ClientErrors())
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


async def send(path="/login/", query=b"", body=b"", **headers):
    sent = {"host": b"localhost", "cookie": b"csrftoken=" + b"a" * 32, "x-csrftoken": b"a" * 32}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST" if body else "GET", "path": path,
        "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": query,
        "headers": [(name.encode(), value) for name, value in sent.items()],
        "client": ("127.0.0.1", 5000), "server": ("localhost", 80),
    }  # fmt: skip
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "http.request", "body": body, "more_body": False})
    status = (await communicator.receive_output(5))["status"]
    while (await communicator.receive_output(5)).get("more_body"):
        pass
    await communicator.wait(5)
    return status


WRONG = {
    "control character": {"query": b"q=%1b"},
    "query that is not UTF-8": {"query": b"q=\xff"},
    "unknown host": {"host": b"evil.example"},
    "broken host": {"host": b"[::1"},
    "codec of a form": {"body": b"a=b", "content_type": FORM + b"; charset=zlib"},
    "codec with surrogates": {"body": b"a=+2AA-", "content_type": FORM + b"; charset=utf-7"},
    "codec of a parameter": {"content_type": b"text/html; a*=nothing''b"},
    "no boundary": {"body": b"a", "content_type": b"multipart/form-data"},
    "too many fields": {"body": b"a=1&" * 1500, "content_type": FORM},
    "too large a form": {"body": b"a=" + b"b" * 3_000_000, "content_type": FORM},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("request_", WRONG.values(), ids=WRONG)
async def test_a_wrong_request_is_answered_with_400_and_no_traceback(request_, log):
    assert await send(**request_) in (400, 413)
    assert "Traceback" not in log.getvalue()


@pytest.mark.django_db(transaction=True)
async def test_a_session_cookie_with_a_nul_is_ignored(log, queries):
    cookie = rb'sessionid="\000\000\000\000\000\000\000\000"'

    assert await send(path="/carteira", cookie=cookie) < 500
    assert [sql for sql in queries if "django_session" in sql] == []


def test_errors_of_ours_keep_their_traceback(log):
    for status in (500, None):
        try:
            raise ValueError("ours")
        except ValueError:
            extra = {"status_code": status} if status else {}
            logging.getLogger("django.request").exception("failed", extra=extra)

    assert log.getvalue().count("Traceback") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/alerts/1/", "/api/v1/alerts/", "/api/v1/accounts/user/"])
def test_options_of_an_operation_name_its_methods(client, alice, path):
    client.force_login(alice)

    answer = client.options(path)

    assert answer.status_code == 200
    assert "GET" in answer["Allow"]
