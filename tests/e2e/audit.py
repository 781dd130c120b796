"""Every page, for every kind of reader, in both themes and widths: `make audit`.

Not collected by `make test`, whose test_pages.py inspects each page once. AUDIT_SHOTS= names a
folder for screenshots of all of them, AUDIT_FINDINGS= a file for what was found.
"""

import os
from pathlib import Path

import pytest

from tests.e2e.conftest import BLANK
from tests.e2e.inspection import Inspector, write_findings
from tests.e2e.people import add_cookie
from tests.e2e.site_pages import READERS

HEIGHTS = {1440: 900, 360: 740}
# An owner sees the most pages: a run of their own for each half lets the workers share them.
HALVES = [(reader, half) for reader in READERS for half in (0, 1)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", HEIGHTS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("reader", "half"), HALVES)
def test_every_page(open_page, readers, reader, half, theme, width):
    page = open_page(
        BLANK,
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme=theme,
        reduced_motion="reduce",
        has_touch=width == 360,
        is_mobile=width == 360,
    )
    if reader in readers.cookies:
        add_cookie(page, readers.cookies[reader])
    shots = os.environ.get("AUDIT_SHOTS")
    label = f"{reader}-{theme}-{width}"
    inspector = Inspector(page, shots=Path(shots) if shots else None, label=label)
    findings = inspector.inspect(readers.pages_of(reader)[half::2])

    if path := os.environ.get("AUDIT_FINDINGS"):
        write_findings(Path(path), findings, reader=reader, theme=theme, width=str(width))
    assert findings == []
