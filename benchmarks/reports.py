"""Time and memory of reports of a million rows, and of their downloads, on SQLite and PostgreSQL.

Each report is made in a process of its own, whose memory before is that after a report of no rows.
The workbook is compared with openpyxl's write-only mode, on a tenth of the rows.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.processes import ROOT
from benchmarks.rig.readings import Tally, rss_bytes
from tests.postgresql import PostgreSQL

ROWS, COMPARED_ROWS = 1_000_000, 100_000
BUDGET_MIB, BUDGET_FIRST_BYTE_S = 64, 1.0
MIB = 1024 * 1024
# The tables of both databases take the same statement but for the numbers and the days.
FILL = """
INSERT INTO notifications_delivery (kind, address, subject, text, html, headers, message_id, state,
    due_at, claim_key, tries, created_at, sent_at, user_id)
{with_numbers} SELECT 'email', 'pessoa' || n || '@example.org', 'x', '', '', '{{}}', n || '',
    'sent', {now}, '', 1, {now}, {now}, (SELECT min(id) FROM accounts_user) FROM numbers
"""
NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})"
    ),
    "postgresql": "WITH numbers AS (SELECT generate_series(1, {}) AS n)",
}
NOW = {"sqlite": "'2026-03-10 15:00:00'", "postgresql": "now()"}


def fill(rows: int) -> None:
    """Write an admin and the e-mails of the outbox."""
    from django.core.management import call_command  # noqa: PLC0415 - after the setup
    from django.db import connection  # noqa: PLC0415 - after the setup

    from mainapp.accounts.models import User  # noqa: PLC0415 - after the setup

    call_command("migrate", verbosity=0)
    User.objects.create_user("root", access_level="admin")
    numbers = NUMBERS[connection.vendor].format(rows)
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(with_numbers=numbers, now=NOW[connection.vendor]))


def make(format_name: str) -> dict[str, float]:
    """Make a report and download it; return seconds, megabytes and the growth of memory."""
    from mainapp.accounts.models import User  # noqa: PLC0415 - after the setup
    from mainapp.operations.tests.factories import ReportFactory, run_to_end  # noqa: PLC0415 - the same

    owner = User.objects.get(username="root")
    assert run_to_end(ReportFactory(owner=owner, format=format_name)).state == "done"
    base = restarted_peak_mib()
    started_at, cpu_s = time.perf_counter(), time.process_time()
    report = run_to_end(ReportFactory(owner=owner, kind="mail_log", format=format_name))
    assert report.state == "done", report.error
    readings = {
        "seconds": time.perf_counter() - started_at,
        "cpu_s": time.process_time() - cpu_s,
        "growth": peak_mib() - base,
        "rows": report.rows,
    }
    return readings | download(owner, report)


def download(owner: Any, report: Any) -> dict[str, float]:
    """Download a report from the application; return the time of the first byte, and the growth."""
    from django.test import Client  # noqa: PLC0415 - after the setup

    from project.asgi import application  # noqa: PLC0415 - after the setup

    client = Client()
    client.force_login(owner)
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/relatorios/{report.pk}/download/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"cookie", cookie)],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    times, sizes, memory = [], [], [rss_bytes(os.getpid())]

    requests: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
        elif message.get("body"):
            times.append(time.perf_counter())
            sizes.append(len(message["body"]))
            memory.append(rss_bytes(os.getpid()))

    started_at = time.perf_counter()
    asyncio.run(application(scope, receive, send))
    return {
        "first_byte_s": times[0] - started_at,
        "size_mb": sum(sizes) / 1e6,
        "download_growth": (max(memory[1:]) - memory[1]) / MIB,
    }


def compare(rows: int) -> dict[str, float]:
    """Return the CPU seconds of both writers of workbooks."""
    import openpyxl  # noqa: PLC0415 - a comparison
    from django.utils import timezone  # noqa: PLC0415 - after the setup

    from mainapp.core.spreadsheets import write_workbook, xlsx_rows  # noqa: PLC0415 - the same

    now = timezone.now()
    naive = timezone.make_naive(now)

    def made(moment: Any) -> Iterator[list[Any]]:
        for n in range(rows):
            yield [n, 1, "p•••@e•••", None, "enviada", 1, moment, moment]

    with tempfile.TemporaryDirectory() as folder:
        started_s = time.process_time()
        lines = Path(folder) / "rows"
        with lines.open("wb") as file:
            for batch in batches(made(now), 2000):
                file.write(xlsx_rows(batch))
        with lines.open("rb") as written:
            write_workbook(Path(folder) / "a.xlsx", written, heading=["h"] * 8, title="a")
        ours_s = time.process_time() - started_s
        started_s = time.process_time()
        workbook = openpyxl.Workbook(write_only=True)
        sheet = workbook.create_sheet("a")
        for row in made(naive):
            sheet.append(row)
        workbook.save(Path(folder) / "b.xlsx")
    return {"ours_s": ours_s, "openpyxl_s": time.process_time() - started_s}


def batches(rows: Iterator[list[Any]], size: int) -> Iterator[list[list[Any]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def restarted_peak_mib() -> float:
    """Let Linux measure the peak of this process's memory from now on, and return it."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_mib()


def peak_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def in_child(folder: Path, url: str, *command: object) -> Any:
    """Run a step in a process of its own and return its readings."""
    environment = os.environ | {
        "DEBUG": "0",
        "HTTPS": "0",
        "SECRET_KEY": "benchmark",
        "SITE_URL": "https://pregao.example",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
        "LOG_LEVEL": "CRITICAL",
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
    arguments = [sys.executable, "-W", "ignore", __file__, "--child", *map(str, command)]
    done = subprocess.run(arguments, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ours
    return json.loads(done.stdout.splitlines()[-1])


def measure(tally: Tally, name: str, folder: Path, url: str, options: argparse.Namespace) -> None:
    in_child(folder, url, "fill", options.rows)
    for format_name in options.formats:
        readings = in_child(folder, url, "make", format_name)
        tally.note(
            f"{name}, {format_name}: {readings['rows']:,} rows, {readings['size_mb']:.0f} MB"
        )
        tally.line("  made in", readings["seconds"], "s")
        tally.line("  CPU", readings["cpu_s"], "s")
        tally.line("  growth of memory", readings["growth"], "MiB", BUDGET_MIB)
        tally.line(
            "  first byte of the download", readings["first_byte_s"], "s", BUDGET_FIRST_BYTE_S
        )
        tally.line("  growth during the download", readings["download_growth"], "MiB", BUDGET_MIB)


def child(command: str, argument: str) -> None:
    import django  # noqa: PLC0415 - after the environment is set

    django.setup()
    result: Any = {}
    if command == "fill":
        fill(int(argument))
    elif command == "make":
        result = make(argument)
    else:
        result = compare(int(argument))
    print(json.dumps(result))


def main(options: argparse.Namespace) -> int:
    tally = Tally(f"Reports of {options.rows:,} rows")
    with tempfile.TemporaryDirectory(prefix="pregao-reports-") as temporary:
        folder = Path(temporary)
        sqlite = f"sqlite:///{folder / 'pregao.sqlite3'}"
        if "sqlite" in options.databases:
            measure(tally, "SQLite", folder, sqlite, options)
        if "xlsx" in options.formats:
            compared = in_child(folder, sqlite, "compare", COMPARED_ROWS)
            tally.line(f"CPU of a workbook of {COMPARED_ROWS:,} rows", compared["ours_s"], "s")
            tally.ratio(
                "openpyxl's write-only mode needs", compared["openpyxl_s"], compared["ours_s"]
            )
        if "postgresql" in options.databases:
            with closing(PostgreSQL()) as server:
                measure(tally, "PostgreSQL", folder, server.url, options)
    return tally.exit_code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--formats", nargs="+", default=["csv", "xlsx"])
    parser.add_argument("--child", nargs=2)
    parsed = parser.parse_args()
    if parsed.child:
        child(*parsed.child)
    else:
        sys.exit(main(parsed))
