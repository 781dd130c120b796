"""One running instance and one browser per worker; each test's pages may log no error."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.e2e.people import create_people
from tests.e2e.shell import Shell, open_shell
from tests.e2e.site_pages import Readers, prepare_readers
from tests.instances import Instance, instance
from tests.prepared import copy_prepared

# The headless shell is the same engine without the browser's own windows: a page in a new profile
# costs 0.6 s of CPU instead of 1.9 s.
BROWSERS = ("chromium", "chromium-browser")
CHROMIUMS = ("chromium-headless-shell", *BROWSERS)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Logged for a page that was left before its socket was open.
LEFT_EARLY = "WebSocket is closed before the connection is established"
# Playwright's own, in the contexts that block the worker.
BLOCKED = "Service Worker registration blocked by Playwright"
BLANK = "about:blank"  # for a test that has something to do before its first page
TIMEOUT_MS = 30_000  # generous, as several workers share the cores; tests of speed set their own
# Run first, so that at the end no worker waits for a long module of the other.
LONGEST = ("test_xss", "test_connections")
STARTED_IN_S = 180  # timeout of a test whose fixtures start the instance

expect.set_options(timeout=TIMEOUT_MS)

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.stem.startswith(LONGEST))
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(STARTED_IN_S))


@pytest.fixture(scope="session")
def site_and_shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, Shell]]:
    """An instance whose simulated prices change every second, and its Django shell."""
    data_dir = copy_prepared(tmp_path_factory.mktemp("e2e") / "data")
    with instance(data_dir, UPDATE_INTERVAL_S="1") as started, open_shell(started) as shell:
        create_people(started, shell)
        yield started, shell


@pytest.fixture(scope="session")
def site(site_and_shell: tuple[Instance, Shell]) -> Instance:
    return site_and_shell[0]


@pytest.fixture(scope="session")
def readers(site_and_shell: tuple[Instance, Shell]) -> Readers:
    return prepare_readers(*site_and_shell)


@pytest.fixture(scope="session")
def shell(site_and_shell: tuple[Instance, Shell]) -> Shell:
    return site_and_shell[1]


def chromium_path(names: Sequence[str] = CHROMIUMS) -> str:
    """Return the path of the first that is installed; skip the test without one."""
    for name in names:
        if path := shutil.which(name):
            return path
    refuse = pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
    refuse("there is no Chromium on this machine: the browser tests need one on PATH")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The only one of a process: a second refuses to start beside it."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture
def open_page(browser: Browser, site: Instance) -> Iterator[OpenPage]:
    """Return `open_page(path, **options)`: a page in a new browser profile.

    An error or warning in its console fails the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def record_error(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(
            text in message.text for text in (LEFT_EARLY, BLOCKED)
        ):
            errors.append(message.text)

    def open_(path: str, **options: Any) -> Page:
        context = browser.new_context(
            base_url=site.url,
            # A worker's requests pass the routes of tests by.
            **{
                "locale": "pt-BR",
                "viewport": {"width": 1280, "height": 900},
                "service_workers": "block",
                **options,
            },
        )
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.on("console", record_error)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []
