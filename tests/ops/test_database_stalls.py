"""A web server whose PostgreSQL stalls, restarts or refuses connections."""

import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.instances import ROOT, START_S, RedisServer, environment, get, run, wait_for
from tests.postgresql import PostgreSQL
from tests.prepared import copy_prepared
from tests.redis_servers import free_port
from tests.stalling_proxy import HOST, StallingProxy

ENDS_WITHIN_S = 10.0
THREADS = 6
PAGE = "/forum/"


class Site:
    def __init__(self, url, postgresql, proxy):
        self.url, self.postgresql, self.proxy = url, postgresql, proxy

    def request(self, path=PAGE, **headers):
        """Return the status, the headers, the text and the duration of a request."""
        started_at = time.monotonic()
        request = urllib.request.Request(self.url + path, headers=headers)  # noqa: S310 - our own
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - our own
                answer = response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            answer = error.code, error.headers, error.read().decode()
        return *answer, time.monotonic() - started_at


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stalls")
    port = free_port()
    with ExitStack() as stack:
        postgresql = PostgreSQL()
        stack.callback(postgresql.close)
        postgresql.psql("CREATE ROLE pregao LOGIN; ALTER DATABASE postgres OWNER TO pregao;")
        proxy = StallingProxy(postgresql.folder / ".s.PGSQL.5432")
        stack.callback(proxy.close)
        broker = RedisServer(folder)
        stack.callback(broker.kill)
        env_vars = {
            "DATABASE_URL": f"postgresql://pregao@{HOST}:{proxy.port}/postgres",
            "REDIS_URL": f"unix://{broker.path}",
            "DATA_DIR": str(copy_prepared(folder / "data")),
            "SECRET_KEY": "x" * 60,
            "QUOTE_SOURCE": "simulated",
            "ALLOW_SIMULATED": "1",
            "HTTPS": "0",
            "PORT": str(port),
            "PAGES_A_MINUTE_ADDRESS": "100000",
            "LOG_LEVEL": "CRITICAL",
        }
        done = run("manage.py", "migrate", timeout_s=120, **env_vars)
        assert done.returncode == 0, done.stderr
        web = subprocess.Popen(
            [sys.executable, "-m", "project.serve"], env=environment(**env_vars), cwd=ROOT
        )
        stack.callback(web.wait)
        stack.callback(web.kill)
        url = f"http://{HOST}:{port}"
        wait_for(lambda: get(url + PAGE)[0] == 200, START_S, "a web server")
        yield Site(url, postgresql, proxy)


def test_requests_end_in_time_while_the_database_stalls(site):
    site.proxy.is_stalled = True
    answers = []
    # The first one has a connection, the others wait for their own.
    threads = [
        threading.Thread(target=lambda path=path: answers.append(site.request(path)))
        for path in (PAGE, PAGE, PAGE, "/api/v1/stocks/")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.proxy.is_stalled = False

    assert [status for status, *_ in answers] == [503] * len(threads)
    assert all(headers["Retry-After"] for _, headers, *_ in answers)
    assert max(duration_s for *_, duration_s in answers) <= ENDS_WITHIN_S
    texts = [text for _, headers, text, _ in answers if "html" in headers["Content-Type"]]
    assert all("O banco de dados não responde" in text for text in texts)
    assert len(texts) == len(threads) - 1
    assert site.request()[0] == 200


def test_a_handshake_with_a_session_ends_in_time_while_the_database_stalls(site):
    address = site.url.replace("http", "ws", 1) + "/ws/notifications/"
    cookie = {"Cookie": f"sessionid={'a' * 32}"}
    site.proxy.is_stalled = True
    started_at = time.monotonic()
    try:
        with pytest.raises(InvalidStatus) as refusal:
            connect(address, origin=site.url, additional_headers=cookie, open_timeout=30)
    finally:
        site.proxy.is_stalled = False

    response = refusal.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert time.monotonic() - started_at <= ENDS_WITHIN_S


def test_a_reached_connection_limit_is_unavailability(site):
    site.postgresql.psql(
        "ALTER ROLE pregao CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid) FROM"
        " pg_stat_activity WHERE usename = 'pregao'"
    )
    try:
        status, headers, text, duration_s = site.request(**{"Accept-Language": "en"})
    finally:
        site.postgresql.psql("ALTER ROLE pregao CONNECTION LIMIT -1")

    assert (status, bool(headers["Retry-After"])) == (503, True)
    assert "The database is not responding" in text
    assert duration_s <= ENDS_WITHIN_S
    assert site.request()[0] == 200


def test_a_restart_fails_at_most_the_requests_in_flight(site):
    statuses: list[int] = []
    is_over = threading.Event()

    def load():
        while not is_over.is_set():
            statuses.append(site.request()[0])

    threads = [threading.Thread(target=load) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(statuses) > 5 * THREADS, 30, "some requests")
    site.postgresql.process.send_signal(signal.SIGINT)
    site.postgresql.process.wait(10)
    site.postgresql.start()
    restarted_at = len(statuses)
    wait_for(lambda: len(statuses) > restarted_at + 5 * THREADS, 30, "requests after the restart")
    is_over.set()
    for thread in threads:
        thread.join()

    failed = [status for status in statuses if status != 200]
    print(f"{len(failed)} of {len(statuses)} requests failed")  # noqa: T201 - shown with -s
    assert set(failed) <= {503}
    assert len(failed) <= THREADS
