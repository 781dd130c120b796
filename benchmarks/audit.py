"""Time and memory of `verify_audit` over a million entries, and plans of the audit page's filters.

On PostgreSQL. The entries are sealed by the project's own task, in chunks of 500; verification runs
in a process of its own, whose memory before is that after the verification of a single seal. A
filter of the page may read at most the entries that the page lists.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.alerts import prepare
from benchmarks.reports import peak_mib, restarted_peak_mib
from benchmarks.rig.processes import ROOT
from benchmarks.rig.readings import Tally
from tests.postgresql import PostgreSQL

ROWS, BUDGET_MIB = 1_000_000, 64
PEOPLE = 1_000
# Half of the entries are of one model and way, as after a large import.
FILL = """
INSERT INTO core_auditentry (at, actor_id, way, action, model, key, fields, changes)
SELECT now() - interval '1 minute' * ({rows} - i), 1 + i % {people},
    CASE WHEN i % 2 = 0 THEN 'page' ELSE (ARRAY['api', 'admin', 'task'])[1 + i % 3] END,
    CASE WHEN i % 10 = 0 THEN 'deleted' ELSE 'changed' END,
    CASE WHEN i % 2 = 0 THEN 'alerts.alert' ELSE 'm' || i % 50 END,
    (i % 20000)::text, '["note", "price"]',
    jsonb_build_object('price', jsonb_build_array(i::text, (i + 1)::text))
FROM generate_series(1, {rows}) AS i
"""


def fill(rows: int) -> dict[str, float]:
    """Write entries and seal them; return the seconds of the sealing."""
    from django.db import connection  # noqa: PLC0415 - after the setup
    from django.utils import timezone  # noqa: PLC0415 - as above

    from mainapp.operations.services.sealing import seal_entries  # noqa: PLC0415 - as above

    with connection.cursor() as cursor:
        cursor.execute(FILL.format(rows=rows, people=PEOPLE))
        cursor.execute("VACUUM ANALYZE core_auditentry")
        started_at, cpu_s = time.perf_counter(), time.process_time()
        assert seal_entries(at=timezone.now()) == rows
        seconds = time.perf_counter() - started_at
        cursor.execute("VACUUM ANALYZE")
    return {"seconds": seconds, "cpu_s": time.process_time() - cpu_s}


def verify() -> dict[str, Any]:
    """Verify the last seal, then the whole chain; return its seconds and the growth of memory."""
    from django.core.management import call_command  # noqa: PLC0415 - after the setup

    from mainapp.core.models import AuditSeal  # noqa: PLC0415 - as above

    last = AuditSeal.objects.order_by("-number")[0]
    call_command("verify_audit", since=last.sealed_at.isoformat(), stdout=StringIO())
    base, out = restarted_peak_mib(), StringIO()
    started_at, cpu_s = time.perf_counter(), time.process_time()
    call_command("verify_audit", stdout=out)
    return {
        "seconds": time.perf_counter() - started_at,
        "cpu_s": time.process_time() - cpu_s,
        "growth": peak_mib() - base,
        "said": out.getvalue().splitlines()[0],
    }


def filters() -> Iterator[tuple[str, Any]]:
    """Yield filters of the audit page with their names: each alone, and together."""
    from datetime import timedelta  # noqa: PLC0415 - after the setup

    from django.utils import timezone  # noqa: PLC0415 - as above

    since = timezone.now() - timedelta(days=300)
    until = since + timedelta(days=30)
    yield "none", {}
    yield "person", {"person_id": 500}
    yield "way, rare", {"way": "socket"}
    yield "way, frequent", {"way": "page"}
    yield "action", {"action": "deleted"}
    yield "model, rare", {"model": "m7"}
    yield "model, frequent", {"model": "alerts.alert"}
    yield "row", {"model": "alerts.alert", "key": "1234"}
    yield "period", {"since": since, "until": until}
    yield "person, model", {"person_id": 501, "model": "alerts.alert"}
    yield "model, way", {"model": "alerts.alert", "way": "admin"}
    yield "model, action", {"model": "m7", "action": "created"}
    yield "way, action, period", {"way": "page", "action": "deleted", "since": since}
    yield "key alone", {"key": "1234"}


def plans() -> dict[str, Any]:
    """Return what the list of each filter, and its count, read: rows, nodes, milliseconds."""
    from django.db import transaction  # noqa: PLC0415 - after the setup

    from mainapp.operations.selectors.audit import LISTED, audit_entries  # noqa: PLC0415 - as above
    from tests.query_plans import plan_of, reads  # noqa: PLC0415 - as above

    found = {}
    for name, values in filters():
        sql, params = audit_entries(**values)[:LISTED].query.sql_with_params()
        counted = f"SELECT COUNT(*) FROM ({sql}) AS listed"  # noqa: S608 - Django's own
        for title, statement in ((name, sql), (f"{name}, counted", counted)):
            started_at = time.perf_counter()
            with transaction.atomic():
                plan = plan_of(statement, params)
            wall_ms = (time.perf_counter() - started_at) * 1000
            nodes = [read for read in reads(plan) if read[0] == "core_auditentry"]
            rows = max(rows for _table, _node, rows, _blocks in nodes)
            found[title] = [rows, " + ".join(node[1] for node in nodes), wall_ms]
    return found


def in_child(folder: Path, url: str, *command: object) -> Any:
    """Run a step in a process of its own and return its readings."""
    arguments = [sys.executable, "-W", "ignore", __file__, "--child", str(folder), url]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [*arguments, *map(str, command)],
        cwd=ROOT,
        env=os.environ | {"LOG_LEVEL": "CRITICAL"},
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure(tally: Tally, folder: Path, url: str, rows: int) -> None:
    sealing = in_child(folder, url, "fill", rows)
    tally.line(f"sealing of {rows:,} entries", sealing["seconds"], "s")
    tally.line("  CPU of the task", sealing["cpu_s"], "s")
    verification = in_child(folder, url, "verify")
    tally.note(verification["said"])
    tally.check("all entries are sealed, no fault", f"{rows} entries" in verification["said"])
    tally.line("verify_audit", verification["seconds"], "s")
    tally.line("  CPU", verification["cpu_s"], "s")
    tally.line("  growth of memory", verification["growth"], "MiB", BUDGET_MIB)
    for name, (read, nodes, wall_ms) in in_child(folder, url, "plans").items():
        tally.note(f"{name}: {nodes}, {wall_ms:.0f} ms")
        tally.line("  entries read", read, "", LISTED)


LISTED = 5_000  # as the page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--child", nargs="+")
    options = parser.parse_args()
    if options.child:
        folder, url, command, *numbers = options.child
        prepare(Path(folder), url)  # which migrates the database once
        steps: dict[str, Callable[..., Any]] = {"fill": fill, "verify": verify, "plans": plans}
        print(json.dumps(steps[command](*map(int, numbers))))
        return
    tally = Tally(f"Audit of {options.rows:,} entries, PostgreSQL")
    with (
        closing(PostgreSQL(is_durable=True)) as server,
        tempfile.TemporaryDirectory(prefix="pregao-audit-") as folder,
    ):
        measure(tally, Path(folder), server.url, options.rows)
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
