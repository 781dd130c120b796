"""Source code that could bypass the audit: each file that contains any needs a reason."""

import re
from pathlib import Path

# Code that writes, or could write, without the audited querysets.
BYPASSES = re.compile(r"_base_manager|_raw_delete|\.raw\(|\.cursor\(|\bupdate_rows\(|\bQuerySet\(")
REASONS = {
    "core/audit/bases.py": "reads the values after a change",
    "core/audit/signals.py": "reads the values before a change",
    "core/bulk.py": "the definition of update_rows",
    "core/database.py": "locks",
    "core/limits/database_store.py": "reads",
    "pages/management/commands/setup.py": "a probe of the connection",
    "pages/management/migrating.py": "a time-out",
    "accounts/services/names.py": "a lock",
    "accounts/services/sessions.py": "sessions that ended by themselves",
    "notifications/services/notices.py": "a lock",
    "notifications/selectors/inbox.py": "reads",
    "alerts/selectors/waking.py": "reads",
    "ideas/selectors/waking.py": "reads",
    "ideas/services/outcomes.py": "prices; the status is written by an audited update",
    "market/services/cotahist.py": "public prices",
    "operations/management/doctor/databases.py": "reads",
    "operations/selectors/dashboard.py": "reads",
    "operations/selectors/metrics/database.py": "reads",
    "operations/services/moving.py": "copies whole tables into an empty database",
    "operations/views/health.py": "reads",
}
APPS = Path(__file__).parents[2]


def test_every_way_around_the_audit_has_a_reason():
    found = {
        path.relative_to(APPS).as_posix()
        for path in APPS.rglob("*.py")
        if not {"tests", "migrations"} & set(path.parts)
        and BYPASSES.search(path.read_text(encoding="utf-8"))
    }
    assert found == REASONS.keys()


def test_the_search_finds_each_way():
    for text in (
        "User._base_manager.update()",
        "rows._raw_delete(using)",
        "User.objects.raw(sql)",
        "connection.cursor()",
        "update_rows(rows, names)",
        "QuerySet(User)",
    ):
        assert BYPASSES.search(text), text
