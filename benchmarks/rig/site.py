"""A running instance in production mode with the demonstration data, for measurements of pages."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig.processes import IBOV
from tests.instances import Instance, instance, run

CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")
READER = "ana"  # one of the people of the demonstration data
NO_LIMITS = {"PAGES_A_MINUTE_ADDRESS": "1000000", "PAGES_A_MINUTE_USER": "1000000"}
WRITE_COOKIE = """
from benchmarks.rig.people import write_cookie_of
write_cookie_of({user_name!r}, {path!r})
"""


@dataclass(frozen=True)
class Site:
    """A running site: its address and the session cookie of a user with data of every kind."""

    url: str
    cookie: str
    instance: Instance

    def cookies(self) -> list[dict[str, str]]:
        """Return the session as Playwright's cookies."""
        name, _, value = self.cookie.partition("=")
        return [{"name": name, "value": value, "url": self.url}]


def tracker_path(count: int) -> str:
    """Return the address of a tracker page with the first `count` papers of the index."""
    return "/stocktracker?" + "&".join(f"stockpicker={symbol}" for symbol in IBOV[:count])


# The pages that are measured: address, and whether a user is logged in.
PAGES = {
    "home": ("/", False),
    "home, logged in": ("/", True),
    "tracker": (tracker_path(20), False),
    "paper": ("/ativo/PETR4/", False),
    "carteira": ("/carteira", True),
}


def chromium() -> str:
    """Return the path of a browser. Raises: StopIteration."""
    return next(path for name in CHROMIUMS if (path := shutil.which(name)))


@contextmanager
def filled_site(**env_vars: str) -> Iterator[Site]:
    """Start a site as `make run` does, fill it with the demonstration data, stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pregao-site-"))
    try:
        with instance(folder / "data", **NO_LIMITS, **env_vars) as started:
            manage(started, "seed_demo", DEBUG="1")
            path = folder / "cookie"
            manage(started, "shell", "-c", WRITE_COOKIE.format(user_name=READER, path=str(path)))
            yield Site(started.url, json.loads(path.read_text()), started)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def manage(site: Instance, *arguments: str, **env_vars: str) -> None:
    """Run a management command of an instance. Raises: RuntimeError."""
    command = ("-m", "project.launcher", "manage", *arguments)
    done = run(*command, **{**site.env_vars, **env_vars})
    if done.returncode:
        raise RuntimeError(f"{arguments} failed:\n{done.stderr}")
