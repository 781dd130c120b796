"""The tracker page with 200 rows at one batch a second: script, long tasks, layout shifts.

Measured in a real browser for half a minute after the page has settled. Times are CPU time of
Chromium's main thread, except those of long tasks, which grow with the load of the machine.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Page, WebSocket

from benchmarks.rig.processes import INDICES
from benchmarks.rig.readings import Tally
from benchmarks.rig.site import filled_site
from benchmarks.rig.visit import new_page, open_browser

ROWS, SETTLE_MS, MEASURED_MS = 200, 6_000, 30_000
SCRIPT_BUDGET_MS = 8.0
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "pt-BR"}
SHIFT = "shifts.reduce((sum, value) => sum + value, 0)"
OBSERVE = """
window.longTasks = [];
window.shifts = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
  .observe({ type: "longtask" });
new PerformanceObserver((list) => shifts.push(...list.getEntries().map((shift) => shift.value)))
  .observe({ type: "layout-shift", buffered: true });
"""


def symbols() -> list[str]:
    """Return ROWS papers of the indices, those of the newest lists first."""
    lists = sorted(INDICES, key=lambda index: str(index["as_of"]), reverse=True)
    papers = [paper["symbol"] for index in lists for paper in index["papers"]]
    return list(dict.fromkeys(papers))[:ROWS]


class Batches:
    """Counts the update frames of a page's tracker socket, and the quotes in them."""

    def __init__(self, page: Page) -> None:
        self.count = self.quotes = 0
        page.on("websocket", self._open)

    def _open(self, socket: WebSocket) -> None:
        if "/ws/stock/" in socket.url:
            socket.on("framereceived", self._receive)

    def _receive(self, payload: str | bytes) -> None:
        frame = json.loads(payload)
        if frame["type"] == "update":
            self.count += 1
            self.quotes += len(frame["quotes"])


def measure(page: Page, tally: Tally) -> None:
    batches = Batches(page)
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.add_init_script(OBSERVE)
    page.goto("/stocktracker?" + "&".join(f"stockpicker={symbol}" for symbol in symbols()))
    page.wait_for_timeout(SETTLE_MS)
    shift_while_loading = page.evaluate(SHIFT)
    page.evaluate("void ((longTasks.length = 0), (shifts.length = 0))")
    before, batches.count, batches.quotes = metrics(client), 0, 0
    page.wait_for_timeout(MEASURED_MS)
    after = metrics(client)
    count = max(batches.count, 1)
    spent = {name: 1000 * (after[name] - before[name]) / count for name in after}
    tally.line("rows", page.locator("tbody tr[data-symbol]").count(), "  ")
    tally.line("batches", batches.count, "  ")
    tally.line("changed quotes per batch", batches.quotes / count, "  ")
    tally.line("script per batch", spent["ScriptDuration"], "ms", SCRIPT_BUDGET_MS)
    tally.line("style and layout per batch", spent["LayoutDuration"], "ms")
    tally.line("recalculation of styles per batch", spent["RecalcStyleDuration"], "ms")
    tally.line("work of the main thread per batch", spent["TaskDuration"], "ms")
    tally.line("long tasks", page.evaluate("longTasks.length"), "  ", 0)
    tally.line("the longest", page.evaluate("Math.max(0, ...longTasks)"), "ms")
    # Rounded as Lighthouse shows it: half a pixel of one cell does not count as a shift.
    tally.line("layout shift while loading", round(shift_while_loading, 2), "  ", 0)
    tally.line("layout shift of the batches", round(page.evaluate(SHIFT), 2), "  ", 0)


def metrics(client: Any) -> dict[str, float]:
    names = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")
    values = {
        item["name"]: item["value"] for item in client.send("Performance.getMetrics")["metrics"]
    }
    return {name: values[name] for name in names}


def main() -> int:
    tally = Tally("A tracker page with 200 rows, one batch a second")
    with (
        filled_site(UPDATE_INTERVAL_S="1") as site,
        open_browser() as browser,
        new_page(browser, site, is_logged_in=True, **WIDE) as page,
    ):
        measure(page, tally)
    tally.note(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return tally.exit_code


if __name__ == "__main__":
    sys.exit(main())
