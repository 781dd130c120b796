"""Checks of every page: accessibility, console, width, motion, missing files."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Response, TimeoutError

from tests.e2e.people import add_cookie
from tests.e2e.site_pages import ERRORS, SitePage
from tests.instances import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RUN_AXE = """async () => {
  // Swagger UI's markup is not ours: a <main> inside ours, buttons inside buttons.
  const ours = { exclude: [[".swagger-ui"]] };
  const rules = {
    "landmark-no-duplicate-main": { enabled: !document.querySelector(".swagger-ui main") },
  };
  const options = { resultTypes: ["violations"], preload: false, rules };
  const { violations } = await axe.run(ours, options);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => [id, node.target.flat().join(" "), node.failureSummary]));
}"""
SETTLED_MS = 8_000
# A page without prices has the badge's place, and no badge.
IS_SETTLED = """() => [...document.querySelectorAll("[data-feed=connecting]")]
  .every((badge) => !badge.checkVisibility({ visibilityProperty: true }))"""
# Logged for a page that was left before its socket was open, and by Chromium without a network.
EXPECTED = (
    "WebSocket is closed before the connection is established",
    "net::ERR_INTERNET_DISCONNECTED",
)
# Reports animations and transitions that last; those of 1 ms only put an end state in place.
RECORD_MOTION = """
window.moved = [];
for (const kind of ["transitionrun", "animationstart"]) {
  document.addEventListener(kind, (event) => {
    const { target } = event;
    for (const animation of target.getAnimations()) {
      const { duration, iterations } = animation.effect.getComputedTiming();
      if (duration * Math.min(iterations, 2) <= 20) continue;
      const name = event.animationName || event.propertyName;
      moved.push(`${target.tagName}.${target.className} ${name}`);
    }
  }, true);
}
"""
IS_PAGE = "document.contentType === 'text/html' && document.doctype !== null"
WIDER = """(width) => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > width + 1)
  .slice(0, 3).map((element) => `${element.tagName}.${element.className}`).join(", ")"""


@dataclass(frozen=True)
class Finding:
    """A fault of one page: the rule that it breaks, and where."""

    rule: str
    page: str
    place: str
    text: str = ""


def profile(width: int, theme: str) -> dict[str, Any]:
    """Return the options of a browser profile that wants no motion; a narrow one is a phone's."""
    is_phone = width < 600
    return {
        "viewport": {"width": width, "height": 740 if is_phone else 900},
        "is_mobile": is_phone,
        "has_touch": is_phone,
        "color_scheme": theme,
        "reduced_motion": "reduce",
        "locale": "pt-BR",
    }


class Inspector:
    """Visits pages in one tab and returns their faults.

    `shots` is a folder for screenshots of whole pages, `label` the end of their names. `reach`
    brings an opened page into the state to look at, and returns whether it got there.
    """

    def __init__(
        self,
        page: Page,
        *,
        shots: Path | None = None,
        label: str = "",
        reach: Callable[[Page], bool] | None = None,
    ) -> None:
        self.page = page
        self.shots = shots
        self.label = label
        self._reach = reach or is_settled
        self._seen: list[Finding] = []
        self._current = ""
        self.inspected: list[SitePage] = []
        page.add_init_script(RECORD_MOTION)
        page.on("console", self._record_console)
        page.on("pageerror", lambda error: self._record("page-error", str(error)))
        page.on("response", self._record_response)

    def inspect(self, pages: list[SitePage]) -> list[Finding]:
        for site_page in pages:
            self._visit(site_page)
        return self._seen

    def _visit(self, site_page: SitePage) -> None:
        self._current = site_page.name
        count = len(self._seen)
        if not self._open(site_page):
            # Messages of Chromium's own viewers are not faults of the site.
            self._seen[count:] = [seen for seen in self._seen[count:] if seen.rule == "status"]
            return
        self.inspected.append(site_page)
        if not self._reach(self.page):
            self._record("unsettled", "[data-feed]")
        if self.shots:
            name = "-".join(filter(None, (site_page.name, self.label)))
            self.page.screenshot(path=self.shots / f"{name}.png", full_page=True)
        for rule, place, text in accessibility_faults(self.page):
            self._record(rule, place, text)
        width = self.page.viewport_size["width"]
        if (shown := self.page.evaluate("document.documentElement.scrollWidth")) > width:
            self._record("overflow", self.page.evaluate(WIDER, width), f"{shown} px")
        for place in sorted(set(self.page.evaluate("moved"))):
            self._record("motion", place)

    def _open(self, site_page: SitePage) -> bool:
        """Open an address; return whether it is a page of its own.

        Others are files, data, fragments of pages, previews of e-mails, and redirects.
        """
        self.page.context.set_offline(False)
        try:
            answer = self.page.goto(site_page.address)
        except Error as error:
            if "Download is starting" in error.message:
                return False
            raise
        assert answer
        if answer.status >= 400 and site_page.name not in ERRORS:
            self._record("status", str(answer.status))
        if "sandbox" in answer.headers.get("content-security-policy", ""):
            return False  # no timer runs in it, so axe-core would never end
        is_own = urlsplit(self.page.url).path == urlsplit(site_page.address).path
        return is_own and bool(self.page.evaluate(IS_PAGE))

    def _record(self, rule: str, place: str, text: str = "") -> None:
        self._seen.append(Finding(rule, self._current, place, text))

    def _record_console(self, message: ConsoleMessage) -> None:
        # Statuses are checked below, as error pages have one themselves.
        is_fault = not message.text.startswith("Failed to load resource") and not any(
            part in message.text for part in EXPECTED
        )
        if message.type in ("error", "warning") and is_fault:
            self._record("console", message.text)

    def _record_response(self, answer: Response) -> None:
        if answer.status >= 400 and not answer.request.is_navigation_request():
            self._record("missing", f"{answer.status} {answer.url}")


def is_settled(page: Page) -> bool:
    """Wait for the fonts and the sockets; return whether no socket of the page still connects."""
    page.evaluate("document.fonts.ready.then(() => {})")
    try:
        page.wait_for_function(IS_SETTLED, timeout=SETTLED_MS)
    except TimeoutError:
        return False
    return True


def accessibility_faults(page: Page) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, selector, explanation) of axe-core's violations."""
    # Evaluated by the debugger, which the site's content security policy does not bind.
    page.evaluate(AXE.read_text())
    found: list[list[Any]] = page.evaluate(RUN_AXE)
    yield from ((rule, place, text) for rule, place, text in found)


@contextmanager
def open_inspector(
    browser: Browser,
    base_url: str,
    cookie: str | None,
    *,
    width: int,
    theme: str,
    shots: Path | None = None,
    label: str = "",
    reach: Callable[[Page], bool] | None = None,
) -> Iterator[Inspector]:
    """Open a new profile, logged in by a cookie."""
    context = browser.new_context(base_url=base_url, **profile(width, theme))
    try:
        page = context.new_page()
        if cookie:
            add_cookie(page, cookie)
        yield Inspector(page, shots=shots, label=label, reach=reach)
    finally:
        context.close()


def write_findings(path: Path, findings: list[Finding], **seen: str) -> None:
    """Append findings to a file, one JSON object a line."""
    with path.open("a") as file:
        file.writelines(json.dumps(seen | asdict(finding)) + "\n" for finding in findings)
