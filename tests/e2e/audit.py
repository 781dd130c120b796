"""Every page, for every kind of reader, in both themes and widths: `make audit`.

Not collected by `make test`, whose test_pages.py inspects each page once. AUDIT_SHOTS= names a
folder for screenshots of all of them, AUDIT_FINDINGS= a file for what was found.
"""

import os
from pathlib import Path

import pytest

from tests.e2e.inspection import open_inspector, write_findings
from tests.e2e.site_pages import READERS

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
        findings = inspector.inspect(readers.pages_of(reader)[half::2])

    if FINDINGS:
        write_findings(Path(FINDINGS), findings, reader=reader, theme=theme, width=str(width))
    assert findings == []
