import itertools

import pytest
from asgiref.testing import ApplicationCommunicator

from mainapp.core.middleware import FORM, MAX_BODY, MAX_FORM, BodyLimitMiddleware
from project.asgi import application

pytestmark = pytest.mark.django_db

PIECE = b"x" * 65536
GIGABYTE = 10**9


def scope(*headers):
    return {
        "type": "http",
        "method": "POST",
        "path": "/login/",
        "raw_path": b"/login/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), *headers],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }


async def post(*headers, pieces=()):
    """Return status, headers and page of a POST; the body is sent as the application reads it."""
    client = ApplicationCommunicator(application, scope(*headers))
    for piece in pieces:
        await client.send_input({"type": "http.request", "body": piece, "more_body": True})
    start = await client.receive_output(timeout=5)
    body = b""
    while True:
        part = await client.receive_output(timeout=5)
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    await client.wait(timeout=5)
    return start["status"], {name.lower(): value for name, value in start["headers"]}, body.decode()


async def test_a_body_with_a_too_large_content_length_is_refused():
    status, headers, page = await post((b"content-length", str(GIGABYTE).encode()))

    assert status == 413
    assert "passa do que este servidor recebe de uma vez" in page
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"default-src 'self'" in headers[b"content-security-policy"]


async def test_a_body_of_unknown_length_is_refused_above_the_limit():
    pieces = itertools.repeat(PIECE, MAX_BODY // len(PIECE) + 1)

    status, _headers, page = await post((b"transfer-encoding", b"chunked"), pieces=pieces)

    assert (status, "Grande demais" in page) == (413, True)


async def test_a_small_body_of_unknown_length_passes_unchanged():
    calls = []

    async def inner(scope, receive, send):
        calls.extend([await receive(), scope.get("pregao.body_refused")])

    async def receive():
        return {"type": "http.request", "body": PIECE, "more_body": False}

    await BodyLimitMiddleware(inner)(scope((b"transfer-encoding", b"chunked")), receive, None)

    assert calls == [{"type": "http.request", "body": PIECE, "more_body": False}, None]


@pytest.mark.parametrize("length", [MAX_BODY, 0])
async def test_a_body_within_the_limit_is_passed_through(length):
    calls = []

    async def inner(scope, receive, send):
        calls.append(receive)

    receive = object()
    headers = (b"content-length", str(length).encode())
    await BodyLimitMiddleware(inner)(scope(headers), receive, None)

    assert calls == [receive]


async def test_a_disconnect_during_a_refusal_is_passed_on():
    messages = iter(
        [{"type": "http.request", "body": PIECE, "more_body": True}, {"type": "http.disconnect"}]
    )
    messages_seen = []

    async def receive():
        return next(messages)

    async def inner(scope, receive, send):
        messages_seen.extend([(await receive())["body"], (await receive())["type"]])

    headers = (b"content-length", str(GIGABYTE).encode())
    await BodyLimitMiddleware(inner)(scope(headers), receive, None)

    assert messages_seen == [b"", "http.disconnect"]


@pytest.mark.parametrize("kind", [FORM, FORM.upper() + b" ; charset=utf-8"])
async def test_a_form_that_is_expensive_to_decode_is_refused(kind):
    size = str(MAX_FORM + 1).encode()

    status, _headers, page = await post((b"content-type", kind), (b"content-length", size))

    assert (status, "Grande demais" in page) == (413, True)


async def test_forms_below_the_limit_and_larger_multipart_ones_are_read(async_client):
    large = await async_client.post("/login/", {"login": "x" * MAX_FORM * 4})  # multipart
    form = await async_client.post("/login/", "%" * MAX_FORM, content_type=FORM.decode())

    assert (form.status_code, large.status_code) == (200, 200)
