"""The logs of real processes: JSON from the first line, one id for each request, no secrets."""

import contextlib
import json
import re
import signal
import socket
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from project.environment import BASE_DIR
from tests.instances import instance, run, wait_for
from tests.prepared import copy_prepared

MARK = "s3cr3tv4lue"  # part of each secret that the tests send
ID = "from-the-proxy-1"
PATHS = (
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
)


class Browser:
    """A client with cookies, behind a trusted proxy."""

    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def send(self, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body.encode() if body else None
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 - our own
        try:
            with self.opener.open(request, timeout=20) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode(errors="replace")

    def post(self, path, fields, **headers):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.send(path))[1]
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields})
        return self.send(path, body, Referer=self.url, **headers)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Return the records of an instance that logs all it can, without a mail server."""
    data_dir = copy_prepared(tmp_path_factory.mktemp("logs") / "data")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with instance(
        data_dir,
        LOG_FORMAT="json",
        LOG_LEVEL="DEBUG",
        ACCESS_LOG="1",
        TRUSTED_PROXIES="127.0.0.1",
        HTTPS="0",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(port),
        EMAIL_VERIFICATION="none",
        SITE_URL="http://127.0.0.1",
        SECRET_KEY=f"{MARK}-of-the-settings-1234567890",
        BRAPI_TOKEN=f"{MARK}-brapi",
        METRICS_TOKEN=f"{MARK}-metrics",
    ) as site:
        send_to_api(Browser(site.url))
        send_to_sockets(site.url)
        send_to_pages(Browser(site.url))
        wait_for(lambda: is_tried(site.log), 40, "a failed mail")
        site.stop(signal.SIGTERM)
        return [json.loads(line) for line in site.log.splitlines()]


def is_tried(log):
    lines = [line for line in log.splitlines() if f"{ID}-mail" in line]
    return {"tried again", "task deliver"} <= {
        text for text in ("tried again", "task deliver") for line in lines if text in line
    }


def send_to_pages(browser):
    for path in PATHS:
        browser.send(path, X_Request_ID=ID)
    browser.send("/metrics", Authorization=f"Bearer {MARK}-metrics")
    browser.send("/", Cookie=f"sessionid={MARK}{MARK}; csrftoken={MARK}")
    passwords = {f"password{number}": f"{MARK}-Password-9" for number in (1, 2)}
    person = {"username": "maria", "email": "maria@example.org"}
    browser.post("/register/", person | passwords)
    other = Browser(browser.url)
    other.post("/accounts/password/reset/", {"email": person["email"]}, X_Request_ID=f"{ID}-mail")


def send_to_api(browser):
    json_type = {"Content_Type": "application/json"}
    browser.send(f"/api/v1/clubs/join/{MARK}/", "{}", **json_type)
    browser.send("/api/v1/alerts/", Authorization=f"Bearer {MARK}.{MARK}.x")
    browser.send("/api/v1/alerts/", Authorization=f"Token {MARK}1")
    log_in = json.dumps({"username": "ana", "password": f"{MARK}-password"})
    for body in (log_in, log_in[:-5]):
        browser.send("/api/v1/accounts/token/", body, **json_type)


def send_to_sockets(url):
    address, cookie = url.replace("http", "ws", 1), {"Cookie": f"sessionid={MARK}"}
    for path, options in (
        ("/ws/notifications/", {"subprotocols": [f"ticket.{MARK}"]}),
        (f"/ws/notifications/?token={MARK}", {"origin": url}),
        ("/ws/stock/track/", {"origin": url, "additional_headers": cookie}),
    ):
        with (
            contextlib.suppress(WebSocketException, OSError),
            connect(f"{address}{path}", **options) as websocket,
        ):
            websocket.send(json.dumps({"type": "none", "token": MARK}))
            websocket.recv(timeout=5)


def test_no_log_has_a_secret(rows):
    assert [row for row in rows if MARK in json.dumps(row)] == []
    paths = [row["message"] for row in rows if row.get("request_id") == ID]
    assert "GET /agenda/…/agenda.ics" in paths


def test_every_line_is_an_object_with_its_way(rows):
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, rows))
    assert {row.get("way") for row in rows} >= {"page", "api", "task"}
    assert {row["logger"] for row in rows} >= {"project.launcher", "mainapp.access"}


def test_the_mail_of_a_request_names_its_id(rows):
    """The page writes a delivery, wakes a worker, and the worker's failed attempt is logged."""
    places = {
        (row["way"], row.get("view") or row.get("task"))
        for row in rows
        if row.get("request_id") == f"{ID}-mail"
    }

    assert places >= {("page", "reset-password"), ("task", "deliver"), ("task", "deliver-email")}


def test_a_refusal_is_an_object_too():
    done = run("-m", "project.serve", LOG_FORMAT="json", SECRET_KEY="x" * 20, PORT="none")

    assert done.returncode == 1
    row = json.loads(done.stderr)
    assert (row["level"], row["logger"]) == ("CRITICAL", "project")
    assert row["message"].startswith("pregao: PORT takes")


WITHOUT_PACKAGES = """
import importlib.util
find_spec = importlib.util.find_spec
missing = ("sentry_sdk", "opentelemetry")
importlib.util.find_spec = lambda name: None if name.startswith(missing) else find_spec(name)
import project.settings
"""


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
    done = run("-c", WITHOUT_PACKAGES, SECRET_KEY="x" * 20, **{name: value})

    assert done.stderr.startswith(f"pregao: {refusal}")
    assert done.returncode == 1


def test_every_secret_of_the_environment_is_hidden_in_logs():
    example = (BASE_DIR / ".env.example").read_text()
    names = re.findall(r"^#(\w+_(?:KEY|TOKEN|PASSWORD)|\w+_KEY_FALLBACKS)=", example, re.M)
    secrets = {name: f"a-secret-value-{name}" for name in names if name != "MEDIA_S3_ACCESS_KEY"}
    assert {"MFA_KEY", "MFA_KEY_FALLBACKS", "MEDIA_S3_SECRET_KEY"} <= secrets.keys()
    secrets["VAPID_KEY"] = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
    media = {"MEDIA_S3_BUCKET": "b", "MEDIA_S3_ACCESS_KEY": "k"}
    database = {"POSTGRES_DB": "x", "SITE_URL": "https://x.example"}
    database |= {"EMAIL_HOST": "m.example", "EMAIL_FROM": "a@x.example"}
    redis = {"REDIS_URL": "sentinel://:a-secret-of-redis@a:1/m/0?sentinel_password=a-secret-of-it"}
    code = "import json; from project.settings import SECRETS; print(json.dumps(SECRETS))"

    done = run("-c", code, **media, **database, **redis, **secrets)

    hidden = set(json.loads(done.stdout))
    assert {*secrets.values(), "a-secret-of-redis", "a-secret-of-it"} - hidden == set()
