import asyncio
import json
import logging

import pytest

from mainapp.core import consumers
from mainapp.core.consumers import BaseConsumer, UnknownPathConsumer
from mainapp.core.exceptions import DomainError
from mainapp.core.frames import parse_frame

KIB = 1024


class EchoConsumer(BaseConsumer):
    """Replies to pings, and fails or refuses on request."""

    handlers = BaseConsumer.handlers | {"fail": "fail", "refuse": "refuse"}

    async def fail(self, frame):
        raise LookupError("a handler's fault")

    async def refuse(self, frame):
        raise DomainError("forbidden", "Não.", fields={"a": "b"})


class FailingConsumer(BaseConsumer):
    async def opened(self):
        raise LookupError("cannot open")


@pytest.fixture
def echo_socket(websocket):
    return lambda **headers: websocket("/", app=EchoConsumer.as_asgi(), **headers)


def nested(depth):
    """Return a frame with objects and lists nested to `depth`, including the frame itself."""
    return '{"type":"ping","a":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def frame_of_bytes(size):
    start, end = '{"type":"ping","a":"', '"}'
    return start + "a" * (size - len(start) - len(end)) + end


async def test_ping_is_answered_with_its_id(echo_socket):
    async with echo_socket() as socket:
        assert await socket.request({"type": "ping"}) == {"type": "pong"}
        assert await socket.request({"type": "ping", "id": "a1"}) == {"type": "pong", "id": "a1"}
        assert await socket.request({"type": "ping", "id": "x" * 64}) == {
            "type": "pong",
            "id": "x" * 64,
        }
        assert await socket.request({"type": "ping", "more": 1}) == {"type": "pong"}


@pytest.mark.parametrize(
    ("frame", "detail"),
    [
        (b"\x00\x01", "Só texto é aceito."),
        (b'{"type":"ping"}', "Só texto é aceito."),
        ("", "Isto não é JSON."),
        ("ping", "Isto não é JSON."),
        ('{"type":"ping"', "Isto não é JSON."),
        ('{"type":"ping"}{"type":"ping"}', "Isto não é JSON."),
        ('{"type":"ping","a":NaN}', "Isto não é JSON."),
        ('{"type":"ping","a":Infinity}', "Isto não é JSON."),
        ('{"type":"ping","a":-Infinity}', "Isto não é JSON."),
        ('{"type":"ping","a":1e999}', "Isto não é JSON."),
        ('{"type":"ping","a":' + "9" * 10_000 + "}", "Isto não é JSON."),
        ('{"type":"ping","a":' + "9" * 1_000_000 + "}", "A mensagem passa de 64 KiB."),
        ('{"type":"ping","a":"\\ud800"}', "Isto não é JSON."),
        ('{"type":"ping","a":"\ud800"}', "Isto não é JSON."),
        ("[]", "A mensagem precisa ser um objeto."),
        ('"ping"', "A mensagem precisa ser um objeto."),
        ("1", "A mensagem precisa ser um objeto."),
        ("null", "A mensagem precisa ser um objeto."),
        (frame_of_bytes(64 * KIB + 1), "A mensagem passa de 64 KiB."),
        (frame_of_bytes(KIB * KIB), "A mensagem passa de 64 KiB."),
        ('{"type":"ping","a":"' + "é" * 33_000 + '"}', "A mensagem passa de 64 KiB."),
        (nested(33), "A mensagem está aninhada demais."),
        (nested(500), "A mensagem está aninhada demais."),
        ('{"a":' * 30_000, "A mensagem passa de 64 KiB."),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "Isto não é JSON."),
    ],
)
async def test_bad_frame_gets_an_error_and_the_socket_stays_open(echo_socket, frame, detail):
    async with echo_socket() as socket:
        assert await socket.request(frame) == {
            "type": "error",
            "code": "bad_frame",
            "detail": detail,
            "id": None,
        }
        assert await socket.request({"type": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize("frame", [nested(31), nested(32), frame_of_bytes(64 * KIB)])
async def test_frame_at_the_limit_is_accepted(echo_socket, frame):
    async with echo_socket() as socket:
        assert await socket.request(frame) == {"type": "pong"}


@pytest.mark.parametrize("kind", ["nonsense", "", None, 1, ["ping"], {"a": 1}, "answer_ping"])
async def test_unknown_type_is_an_error_with_the_frames_id(echo_socket, kind):
    async with echo_socket() as socket:
        assert await socket.request({"type": kind, "id": "7"}) == {
            "type": "error",
            "code": "unknown_type",
            "detail": "Este tipo de mensagem não existe aqui.",
            "id": "7",
        }
        assert (await socket.request({}))["code"] == "unknown_type"


@pytest.mark.parametrize("frame_id", ["x" * 65, 1.5, True, [], {}])
async def test_malformed_id_is_invalid(echo_socket, frame_id):
    async with echo_socket() as socket:
        assert await socket.request({"type": "ping", "id": frame_id}) == {
            "type": "error",
            "code": "invalid",
            "detail": "O id é um texto de até 64 caracteres.",
            "id": None,
            "fields": {"id": "max 64"},
        }


@pytest.mark.parametrize(
    "frame", ["x" * (KIB * KIB + 1), b"x" * (KIB * KIB + 1), "é" * (KIB * KIB // 2 + 1)]
)
async def test_frame_over_a_mebibyte_closes(echo_socket, frame):
    async with echo_socket() as socket:
        await socket.send(frame)

        assert await socket.closed() == 1009


async def test_domain_error_is_sent_with_its_fields(echo_socket):
    async with echo_socket() as socket:
        assert await socket.request({"type": "refuse", "id": "9"}) == {
            "type": "error",
            "code": "forbidden",
            "detail": "Não.",
            "id": "9",
            "fields": {"a": "b"},
        }


async def test_failing_handler_is_logged_and_the_socket_stays_open(echo_socket, caplog):
    async with echo_socket() as socket:
        answer = await socket.request({"type": "fail", "id": "9"})
        assert answer.pop("request_id")
        assert answer == {
            "type": "error",
            "code": "internal",
            "detail": "Algo deu errado deste lado.",
            "id": "9",
        }
        assert await socket.request({"type": "ping"}) == {"type": "pong"}
    assert [(record.levelname, record.exc_info[0]) for record in caplog.records] == [
        ("ERROR", LookupError)
    ]


async def test_failure_on_opening_is_sent_and_closes(websocket, caplog):
    async with websocket("/", app=FailingConsumer.as_asgi()) as socket:
        assert (await socket.next())["code"] == "internal"
        assert await socket.closed() == 1011


async def test_hostile_frames_leave_no_traceback(echo_socket, caplog):
    caplog.set_level(logging.INFO)
    async with echo_socket() as socket:
        for frame in (b"\xff", "{", nested(40), '{"type":"nonsense"}', "x" * (KIB * KIB + 1)):
            await socket.send(frame)
        await socket.closed()
    assert caplog.records == []


async def test_socket_closes_after_a_hundred_errors(echo_socket):
    async with echo_socket() as socket:
        for _ in range(100):
            assert (await socket.request("{"))["code"] == "bad_frame"
        assert await socket.request({"type": "ping"}) == {"type": "pong"}

        await socket.send("{")

        assert await socket.closed() == 4408


async def test_old_errors_are_not_counted(echo_socket, monkeypatch):
    monkeypatch.setattr(consumers, "WINDOW_S", 0.3)
    async with echo_socket() as socket:
        for _ in range(2):
            for _ in range(100):
                assert (await socket.request("{"))["code"] == "bad_frame"
            await asyncio.sleep(0.3)


async def test_closed_socket_sends_no_more_frames(echo_socket):
    async with echo_socket() as socket:
        await socket.send("x" * (KIB * KIB + 1))
        await socket.send({"type": "ping"})
        await socket.closed()
        await socket.send({"type": "ping"})

        assert await socket.receive_nothing(timeout=0.05)


async def test_flood_of_valid_frames_is_rate_limited(echo_socket):
    async with echo_socket() as socket:
        for _ in range(consumers.FRAMES):
            await socket.request({"type": "ping"})
        frame = await socket.request({"type": "ping"})
    assert frame["code"] == "rate_limited"
    assert 0 < frame["retry_after_s"] <= 10


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "Isto não é JSON."),
        ({"accept_language": "en-US,en;q=0.9"}, "This is not JSON."),
        ({"accept_language": "fr, en;q=0.5, pt;q=0.9"}, "Isto não é JSON."),
        ({"accept_language": "fr, pt;q=0.5, en;q=0.9"}, "This is not JSON."),
        ({"accept_language": "*"}, "Isto não é JSON."),
        ({"accept_language": "../../etc,;;q=x," + "x" * 600}, "Isto não é JSON."),
        ({"cookie": "a=b; django_language=en"}, "This is not JSON."),
        ({"cookie": "django_language=en", "accept_language": "pt-BR"}, "This is not JSON."),
        ({"cookie": "django_language=xx", "accept_language": "en"}, "This is not JSON."),
    ],
)
async def test_detail_is_in_the_sessions_language(echo_socket, headers, detail):
    async with echo_socket(**headers) as socket:
        assert (await socket.request("{"))["detail"] == detail


async def test_unknown_path_closes_with_its_code(websocket):
    async with websocket("/", app=UnknownPathConsumer.as_asgi()) as socket:
        assert await socket.closed() == 4404


def test_parsed_frame_equals_the_sent_one():
    frame = {"type": "ping", "á": [1, {"b": None}]}

    assert parse_frame(json.dumps(frame)) == frame
