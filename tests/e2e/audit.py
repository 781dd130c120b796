"""Every page, for every kind of reader, in both themes and widths, and the main pages in every
state: `make audit`.

Not collected by `make test`, whose test_pages.py inspects each page once. AUDIT_SHOTS= names a
folder for screenshots of all of them, AUDIT_FINDINGS= a file for what was found, and AUDIT_ONLY= a
pattern for the names of the pages, such as "club|agenda".
"""

import os
import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.inspection import Finding, open_inspector, write_findings
from tests.e2e.page_states import STATES, empty_pages, main_pages
from tests.e2e.pausing import paused
from tests.e2e.site_pages import READERS

ONLY = os.environ.get("AUDIT_ONLY", "")
SHOTS, FINDINGS = os.environ.get("AUDIT_SHOTS"), os.environ.get("AUDIT_FINDINGS")
# Halves of the pages, so that the workers can share them.
HALVES = [(reader, half) for reader in READERS for half in (0, 1)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("reader", "half"), HALVES)
def test_every_page(browser, site, readers, reader, half, theme, width):
    with open_inspector(
        browser,
        site.url,
        readers.cookies.get(reader),
        theme=theme,
        width=width,
        shots=Path(SHOTS) if SHOTS else None,
        label=f"{reader}-{theme}-{width}",
    ) as inspector:
        pages = [page for page in readers.pages_of(reader) if re.search(ONLY, page.name)]
        findings = inspector.inspect(pages[half::2])

    write(findings, reader=reader, theme=theme, width=width)
    assert findings == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("width", [1440, 1024, 360])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", STATES)
def test_main_pages_in_every_state(browser, site, readers, name, theme, width):
    state = STATES[name]
    with ExitStack() as stack:
        if state.is_worker_paused:
            stack.enter_context(paused(site.child("pregao: worker")))
        inspector = stack.enter_context(
            open_inspector(
                browser,
                site.url,
                None if state.is_empty else readers.cookies["owner"],
                theme=theme,
                width=width,
                shots=Path(SHOTS) if SHOTS else None,
                label=f"{name}-{theme}-{width}",
                reach=state.reach,
            )
        )
        if state.prepare:
            state.prepare(inspector.page)
        pages = empty_pages(inspector.page) if state.is_empty else main_pages(readers)
        findings = inspector.inspect(pages)

    write(findings, reader=name, theme=theme, width=width)
    assert findings == []


def write(findings: list[Finding], *, width: int, **seen: str) -> None:
    if FINDINGS:
        write_findings(Path(FINDINGS), findings, width=str(width), **seen)
