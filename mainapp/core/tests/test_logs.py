import io
import json
import logging
import sys
import warnings

import pytest

from mainapp.core.contexts import Context, handling
from mainapp.core.logs.configuring import log_uncaught
from mainapp.core.logs.formats import MAX_TEXT, JsonFormatter, LineFormatter

SECRET = "a-secret-of-the-settings"


class Unprintable:
    def __repr__(self):
        raise RuntimeError("never")


@pytest.fixture(params=[JsonFormatter, LineFormatter])
def both(request):
    """Return a logger and a function that reads its records, in each format."""
    yield from logging_to(request.param)


@pytest.fixture
def as_json():
    yield from logging_to(JsonFormatter)


def logging_to(formatter):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(secrets=[SECRET]))
    logger = logging.getLogger("pregao.tests.logs")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, lambda: stream.getvalue()
    logger.removeHandler(handler)


def fail():
    raise ValueError(f"password=hunter22 and {SECRET}")


def test_json_has_time_level_logger_message_and_context(as_json):
    logger, read = as_json
    context = Context("r-1", "socket", place="send_message", scope={"user": None})
    with handling(context):
        logger.warning("price of %s", "PETR4", extra={"duration_ms": 1.5})

    record = json.loads(read())

    record.pop("time")
    assert record == {
        "level": "WARNING",
        "logger": "pregao.tests.logs",
        "message": "price of PETR4",
        "request_id": "r-1",
        "way": "socket",
        "frame": "send_message",
        "duration_ms": 1.5,
    }


def test_json_time_is_utc_with_milliseconds(as_json):
    record = logging.makeLogRecord({"msg": "x", "created": 1_700_000_000.1239})

    assert json.loads(JsonFormatter().format(record))["time"] == "2023-11-14T22:13:20.123Z"


def test_an_exception_is_a_field_of_the_same_line(as_json):
    logger, read = as_json
    try:
        fail()
    except ValueError:
        logger.exception("it\nfailed")

    (line,) = read().splitlines()

    record = json.loads(line)
    assert record["message"] == "it\nfailed"
    assert record["exception"].startswith("Traceback")
    assert "ValueError" in record["exception"]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c"])
def test_no_message_is_two_records(both, separator):
    logger, read = both
    logger.info(f"GET /{separator}2026-01-01 ERROR root: forged", extra={"path": separator})

    assert read().count("\n") == 1
    if read().startswith("{"):
        assert len(read().splitlines()) == 1


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"\xff",
        float("nan"),
        float("inf"),
        Unprintable(),
        {"a": {(1, 2): 3}},
        2**70,
    ],
)
def test_any_extra_can_be_written(as_json, value):
    logger, read = as_json
    logger.info("x", extra={"value": value})

    text = read()
    json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("formatter", [JsonFormatter, LineFormatter])
@pytest.mark.parametrize(
    ("message", "value", "shown"),
    [("%d prices", "many", "%d prices' ('many',)"), ("%s", Unprintable(), "<tuple>")],
)
def test_arguments_that_do_not_fit_are_shown_instead_of_an_error(formatter, message, value, shown):
    record = logging.makeLogRecord({"msg": message, "args": (value,), "name": "x"})

    assert shown in formatter().format(record)


def test_secrets_are_hidden_in_messages_extras_and_tracebacks(both):
    logger, read = both
    try:
        fail()
    except ValueError:
        logger.exception("Bearer abc.def.ghi", extra={"path": "/agenda/k3y/agenda.ics"})

    text = read()

    for secret in (SECRET, "hunter22", "abc.def", "k3y"):
        assert secret not in text


def test_a_long_text_keeps_both_ends(both):
    logger, read = both
    logger.info("first %s last", "x" * 10 * MAX_TEXT)

    text = read()

    assert "first" in text
    assert "last" in text
    assert len(text) < 2 * MAX_TEXT


def test_an_error_that_ends_the_process_is_one_record(caplog):
    try:
        fail()
    except ValueError:
        log_uncaught(*sys.exc_info())

    (record,) = caplog.records
    assert record.levelname == "CRITICAL"
    assert len(JsonFormatter().format(record).splitlines()) == 1


def test_warnings_are_log_records(caplog):
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging._showwarning("old", UserWarning, "file.py", 3)
    finally:
        logging.captureWarnings(False)

    assert [record.name for record in caplog.records] == ["py.warnings"]


@pytest.mark.parametrize("control", "\n\r\v\f\x1b\x1c\x85\u2028\u2029\0")
def test_no_control_of_a_client_reaches_a_line(both, control):
    logger, read = both
    logger.warning("GET /%s2026-01-01 INFO forged", control)

    text = read()

    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    assert not any(c in text for c in control if c != "\n")
