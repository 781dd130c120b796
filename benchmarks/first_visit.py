"""A first visit over a phone's slow connection: first content, bytes, requests, used CSS.

Each page is loaded in a new profile, through 400 kbit/s with 400 ms for each request. FILM_STRIPS=
names a folder for a film strip of each page: what it showed every half second. The browser delays
each request by the round trip, but not the opening of connections.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Browser

from benchmarks.rig.readings import Tally
from benchmarks.rig.site import PAGES, Site, filled_site
from benchmarks.rig.visit import (
    PHONE,
    css_coverage,
    first_visit,
    new_page,
    open_browser,
    save_film_strip,
)

KB = 1000
FIRST_CONTENT_S, BEFORE_CONTENT_KB, CSS_KB = 3.0, 120, 20


def measure(browser: Browser, site: Site, name: str, tally: Tally) -> None:
    path, is_logged_in = PAGES[name]
    with new_page(browser, site, is_logged_in=is_logged_in, **PHONE) as page:
        visit = first_visit(page, path)
    with new_page(browser, site, is_logged_in=is_logged_in, **PHONE) as page:
        coverage = css_coverage(page, path)
    if folder := os.environ.get("FILM_STRIPS"):
        save_film_strip(visit, Path(folder) / f"{name.replace(', ', '-').replace(' ', '-')}.png")
    tally.note(f"{name}:")
    tally.line("  first content", visit.first_content_s, "s ", FIRST_CONTENT_S)
    tally.line(
        "  received before first content", visit.bytes_before_content / KB, "KB", BEFORE_CONTENT_KB
    )
    tally.line("  received in all", visit.bytes_received() / KB, "KB")
    tally.line("  requests", visit.requests, "  ")
    tally.line("  scripts", visit.bytes_received(kind="Script") / KB, "KB")
    tally.line("  styles", visit.bytes_received(kind="Stylesheet") / KB, "KB", CSS_KB)
    tally.line("  styles, uncompressed", coverage.size / KB, "KB")
    tally.line("  of which unused on this page", (coverage.size - coverage.used) / KB, "KB")


def main() -> int:
    tally = Tally("A first visit at 400 kbit/s and 400 ms, 360 px wide")
    names = [name for name in os.environ.get("PAGES", "").split(";") if name] or list(PAGES)
    with filled_site() as site, open_browser() as browser:
        for name in names:
            measure(browser, site, name, tally)
    tally.note(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return tally.exit_code


if __name__ == "__main__":
    sys.exit(main())
