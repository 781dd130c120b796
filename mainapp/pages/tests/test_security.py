"""Security headers of every kind of response, and the safety of sessions."""

import importlib
import sys

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from mainapp.accounts.models import User
from mainapp.accounts.services.avatars import AVATARS
from mainapp.accounts.tests.people import log_in
from mainapp.core.pictures.folders import new_key
from mainapp.core.storage import NamedCookieStorage
from mainapp.pages.tests import test_errors

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.database_independent,
    pytest.mark.urls(test_errors.__name__),
    pytest.mark.usefixtures("policies"),
]
policies = test_errors.policies

GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def new_settings(monkeypatch):
    """Return the settings as a new process with this one's environment reads them, by name."""
    for name in [name for name in sys.modules if name.startswith("project.settings")]:
        monkeypatch.delitem(sys.modules, name)
    return vars(importlib.import_module("project.settings"))


@pytest.fixture
def browser(settings):
    settings.DEBUG = False
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_user("alice", "alice@example.org", "correct horse"))
    return client


def post_without_token(browser):
    browser.handler.enforce_csrf_checks = True
    return browser.post("/watchlists/")


def exceed_a_limit(browser):
    for _attempt in range(6):
        answer = log_in(Client(), "nobody")
    return answer


def see_picture(browser):
    key = new_key()
    AVATARS.folders.folder(key).mkdir(parents=True)
    (AVATARS.folders.folder(key) / "48.webp").write_bytes(b"RIFF")
    return browser.get(f"/avatar/{key}/48")


KINDS = {
    "page": (200, lambda browser: browser.get("/privacy/")),
    "redirect": (302, lambda browser: browser.get("/login/")),
    "log-in first": (302, lambda browser: Client().get("/watchlists/")),
    "slash": (301, lambda browser: browser.get("/privacy")),
    "bad request": (400, lambda browser: browser.get("/bad/")),
    "control character": (400, lambda browser: browser.get("/privacy/?q=%00")),
    "forbidden": (403, lambda browser: browser.get("/forbidden/")),
    "no token": (403, post_without_token),
    "missing": (404, lambda browser: browser.get("/nowhere/")),
    "method": (405, lambda browser: browser.post("/privacy/")),
    "too many": (429, exceed_a_limit),
    "broken": (500, lambda browser: browser.get("/broken/")),
    "static": (200, lambda browser: browser.get("/static/mainapp/css/core/base.css")),
    "picture": (200, see_picture),
    "json": (200, lambda browser: browser.get("/stocks/search/?q=petr")),
    "refused json": (401, lambda browser: Client().post("/watchlists/current/")),
    "csv": (200, lambda browser: browser.get("/export-carteira/")),
    "zip": (200, lambda browser: browser.post("/export-data/")),
    "admin": (403, lambda browser: browser.get("/admin/", follow=True)),
    "health": (200, lambda browser: browser.get("/healthz")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_response_has_security_headers(settings, browser, kind):
    settings.WHITENOISE_USE_FINDERS = True  # serves static files from their sources
    status, send = KINDS[kind]
    answer = send(browser)
    b"".join(answer)

    assert answer.status_code == status
    assert GUARDS.items() <= answer.headers.items()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_session_key_changes_at_log_in():
    User.objects.create_user("alice", password="correct horse")
    browser = Client()
    session = browser.session
    session["before"] = "written by an attacker who planted the key"
    session.save()
    planted = browser.cookies["sessionid"].value

    browser.post("/login/", {"login": "alice", "password": "correct horse"})

    assert browser.session["_auth_user_id"]
    assert browser.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_invented_session_key_is_not_accepted():
    User.objects.create_user("alice", password="correct horse")
    browser = Client()
    browser.cookies["sessionid"] = "x" * 32

    browser.post("/login/", {"login": "alice", "password": "correct horse"})

    assert browser.session["_auth_user_id"]
    assert not Session.objects.filter(session_key="x" * 32).exists()


def test_session_cookie_is_httponly_and_samesite():
    User.objects.create_user("alice", password="correct horse")
    answer = Client().post("/login/", {"login": "alice", "password": "correct horse"})
    cookie = answer.cookies["sessionid"]

    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize(("https", "is_secure"), [("1", True), ("0", False)])
def test_cookies_are_secure_and_hsts_is_set_behind_https(monkeypatch, https, is_secure):
    monkeypatch.setenv("HTTPS", https)
    read = new_settings(monkeypatch)

    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE"]
    assert {read[name] for name in [*names, "SECURE_SSL_REDIRECT"]} == {is_secure}
    assert read["SECURE_HSTS_SECONDS"] == (3600 if is_secure else 0)


def test_hsts_is_a_setting(monkeypatch):
    for name, value in {"HTTPS": "1", "HSTS_SECONDS": "31536000", "HSTS_SUBDOMAINS": "1"}.items():
        monkeypatch.setenv(name, value)
    read = new_settings(monkeypatch)

    assert read["SECURE_HSTS_SECONDS"] == 31_536_000
    assert read["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True


def test_every_cookie_has_the_host_prefix_behind_https(monkeypatch):
    """Each cookie that the site sets, with the settings of HTTPS."""
    monkeypatch.setenv("HTTPS", "1")
    read = new_settings(monkeypatch)
    names = [name for name in read if name.endswith(("_COOKIE_NAME", "_COOKIE_SECURE"))]
    User.objects.create_user("alice", password="correct horse")
    with override_settings(**{name: read[name] for name in names}):
        monkeypatch.setattr(NamedCookieStorage, "cookie_name", read["MESSAGES_COOKIE_NAME"])
        browser = Client(headers={"x-forwarded-proto": "https"})
        browser.get("/login/", secure=True)
        credentials = {"login": "alice", "password": "correct horse"}
        browser.post("/login/", credentials, secure=True)
        browser.post("/preferences/", {"language": "en"}, secure=True)

    assert {name.removeprefix("__Host-") for name in browser.cookies} == {
        *("sessionid", "csrftoken", "django_language", "known_browser", "messages")
    }
    for name, cookie in browser.cookies.items():
        assert name.startswith("__Host-")
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", ""), name
