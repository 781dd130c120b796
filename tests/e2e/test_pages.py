"""Every page, once: accessible, no error, nothing missing, no wider than a phone, no motion.

`make audit` does the same for every kind of reader, in both themes and widths.
"""

import pytest

from tests.e2e.inspection import open_inspector

PARTS = 4  # for as many workers
# The reader with the most rights first; visitors see those that redirect members, as the log-in.
ORDER = ("owner", "staff", "newcomer", "visitor")


@pytest.mark.timeout(400)  # its fixtures start the instance
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page(browser, site, readers, part):
    left = readers.all_pages()[part::PARTS]
    findings = []
    for reader in ORDER:
        cookie = readers.cookies.get(reader)
        with open_inspector(browser, site.url, cookie, width=360, theme="light") as inspector:
            may_see = set(readers.pages_of(reader))
            findings += inspector.inspect([page for page in left if page in may_see])
            left = [page for page in left if page not in inspector.inspected]

    assert findings == []
