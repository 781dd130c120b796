"""The logs of real processes: JSON from the first line, one id for each request, no secrets."""

import json
import re
import signal
import socket
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.instances import instance, run, wait_for

MARK = "s3cr3tv4lue"  # part of each secret that the tests send
ID = "from-the-proxy-1"


@pytest.fixture(scope="module", params=["json", "line"])
def started(request, tmp_path_factory):
    """An instance that logs all it can, with a mail server that is not there."""
    from tests.prepared import copy_prepared  # noqa: PLC0415

    data_dir = copy_prepared(tmp_path_factory.mktemp("logs") / "data")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with instance(
        data_dir,
        LOG_FORMAT=request.param,
        LOG_LEVEL="DEBUG",
        ACCESS_LOG="1",
        TRUSTED_PROXIES="127.0.0.1",
        HTTPS="0",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(port),
        EMAIL_SECURITY="none",
        EMAIL_VERIFICATION="none",
        SITE_URL="http://127.0.0.1",
        SECRET_KEY=f"{MARK}-of-the-settings-1234567890",
        BRAPI_TOKEN=f"{MARK}-brapi",
        METRICS_TOKEN=f"{MARK}-metrics",
    ) as site:
        site.kind = request.param
        drive(site)
        site.stop(signal.SIGTERM)
        yield site


def drive(site):
    """Send every kind of secret through pages, API, sockets and tasks."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def send(path, body=None, **headers):
        data = body if body is None or isinstance(body, bytes) else body.encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(site.url + path, data, headers)  # noqa: S310 - our own
        try:
            with opener.open(request, timeout=20) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    for path in (
        f"/agenda/{MARK}/agenda.ics",
        f"/lists/{MARK}/",
        f"/clubes/convite/{MARK}/",
        f"/alerts/unsubscribe/{MARK}/",
        f"/notifications/channels/confirm/{MARK}/",
        f"/accounts/unlock/{MARK}/",
        f"/accounts/confirm-email/{MARK}/",
        f"/accounts/password/reset/key/1-{MARK}/",
        f"/missing/?token={MARK}&next=/{MARK}",
        f"/%00?key={MARK}",
        f"/ws/stock/track/?token={MARK}",
    ):
        send(path, X_Request_ID=ID)
    send("/api/v1/clubs/join/" + MARK + "/", b"{}", Content_Type="application/json")
    send("/api/v1/alerts/", Authorization=f"Bearer {MARK}.{MARK}.x")
    send("/api/v1/alerts/", Authorization=f"Token {MARK}1")
    send("/metrics", Authorization=f"Bearer {MARK}-metrics", X_Forwarded_For="203.0.113.9")
    send("/", Cookie=f"sessionid={MARK}{MARK}; csrftoken={MARK}")
    form = json.dumps({"username": "ana", "password": f"{MARK}-password"})
    send("/api/v1/accounts/token/", form, Content_Type="application/json")
    send("/api/v1/accounts/token/", f'{{"password": "{MARK}', Content_Type="application/json")
    page = send("/accounts/signup/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    fields = {
        "csrfmiddlewaretoken": token,
        "username": "maria",
        "email": "maria@example.org",
        "password1": f"{MARK}-Password-9",
        "password2": f"{MARK}-Password-9",
    }
    send("/accounts/signup/", urllib.parse.urlencode(fields), Referer=site.url)
    page = send("/accounts/password/reset/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    fields = {"csrfmiddlewaretoken": token, "email": "maria@example.org"}
    send("/accounts/password/reset/", urllib.parse.urlencode(fields), X_Request_ID=f"{ID}-mail")
    address = site.url.replace("http", "ws", 1) + f"/ws/notifications/?token={MARK}"
    for options in ({"subprotocols": [f"ticket.{MARK}"]}, {"origin": site.url}):
        try:
            with connect(address, **options) as websocket:
                websocket.send(json.dumps({"type": "none", "token": MARK}))
                websocket.recv(timeout=5)
        except (InvalidStatus, OSError, EOFError, Exception):  # noqa: S112 - refused ones too
            continue
    wait_for(lambda: "will be tried again" in site.log, 40, "a failed mail")


def records(site):
    return [json.loads(line) for line in site.log.splitlines()]


def test_no_log_has_a_secret(started):
    lines = [line for line in started.log.splitlines() if MARK in line]

    assert lines == []


def test_every_line_is_an_object(started):
    if started.kind != "json":
        pytest.skip("of the other format")
    rows = records(started)

    assert rows[0]["logger"] == "project.launcher" or rows[0]["level"] == "DEBUG"
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, rows))
    assert {row.get("way") for row in rows} >= {"page", "api", "task"}


def test_the_mail_of_a_request_names_its_id(started):
    if started.kind != "json":
        pytest.skip("of the other format")
    rows = [row for row in records(started) if row.get("request_id") == f"{ID}-mail"]

    places = {(row["way"], row.get("view") or row.get("task")) for row in rows}
    assert ("page", "reset-password") in places or any(way == "page" for way, _place in places)
    assert ("task", "deliver-email") in places
    assert ("task", "deliver") in places


def test_a_refusal_is_an_object_too():
    done = run("-m", "project.serve", LOG_FORMAT="json", SECRET_KEY="x" * 20, PORT="none")

    assert done.returncode == 1
    row = json.loads(done.stderr)
    assert (row["level"], row["logger"]) == ("CRITICAL", "project")
    assert row["message"].startswith("pregao: PORT takes")


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("LOG_FORMAT", "xml", "LOG_FORMAT takes line or json"),
        ("SENTRY_DSN", "sentry.example.org", "SENTRY_DSN takes the DSN of a project"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "here", "OTEL_EXPORTER_OTLP_ENDPOINT takes a URL"),
        ("SENTRY_DSN", "https://key@sentry.example.org/1", "SENTRY_DSN needs the package"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://127.0.0.1:4318",
            "OTEL_EXPORTER_OTLP_ENDPOINT needs",
        ),
    ],
)
def test_refusals_begin_with_the_variable(name, value, refusal):
    code = "import importlib.util as u\n"
    code += "real = u.find_spec\n"
    code += "u.find_spec = lambda n, *a: None if n.startswith(('sentry_sdk', 'opent')) else real(n, *a)\n"
    code += "import project.settings"
    done = run("-c", code, SECRET_KEY="x" * 20, **{name: value})

    assert done.stderr.startswith(f"pregao: {refusal}")
    assert done.returncode == 1
