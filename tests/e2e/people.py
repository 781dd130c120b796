"""Users with sessions, created in advance: a sign-up by the form takes two seconds."""

import json
from collections import deque

from playwright.sync_api import APIResponse, Page

from tests.e2e.shell import Shell
from tests.instances import Instance

PASSWORD = "um-segredo-longo"
NAME, COUNT = "ana", 250
CREATE = """
from django.contrib.auth.hashers import make_password
from benchmarks.rig.people import write_cookies
write_cookies({path!r}, {count}, name={name!r}, password=make_password({password!r}))
"""
# Name and session cookie of each user of this process's instance that no test has used yet.
_unused: deque[tuple[str, str]] = deque()


def isolated(name: str) -> str:
    """Return a user's text as a plain text contains it, between direction isolates."""
    return f"\u2068{name}\u2069"


def create_people(site: Instance, shell: Shell) -> None:
    """Create users with a session each; all have the same PASSWORD."""
    path = site.data_dir / "cookies"
    shell(CREATE.format(name=NAME, path=str(path), count=COUNT, password=PASSWORD))
    cookies = json.loads(path.read_text())
    _unused.clear()
    _unused.extend((f"{NAME}{number}", cookie) for number, cookie in enumerate(cookies))


def take_cookie() -> tuple[str, str]:
    """Return the name and the session cookie of an unused user."""
    return _unused.popleft()


def add_cookie(page: Page, cookie: str) -> None:
    name, _, value = cookie.partition("=")
    page.context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])


def log_in_new_user(page: Page, path: str) -> str:
    """Log in as an unused user, open a path, and return the user's name."""
    user_name, cookie = take_cookie()
    add_cookie(page, cookie)
    page.goto(path)
    return user_name


def post_form(page: Page, path: str, **fields: str) -> APIResponse:
    """Send a form with the open page's CSRF token; return the response without redirects."""
    token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    form = {"csrfmiddlewaretoken": token, **fields}
    return page.request.post(path, form=form, max_redirects=0)
