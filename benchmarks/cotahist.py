"""Time and memory of loading a year of B3's history, on SQLite and PostgreSQL.

The file has as many records as that of 2024: 2,635,561, of which 322,397 are of the cash market,
for stocks of the catalogue and for unknown codes. Each load is a separate `load_cotahist`; growth
is its largest resident memory, minus that of loading an empty file.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.readings import Tally
from mainapp.market.sessions import is_session_day
from tests import cotahist
from tests.postgresql import PostgreSQL

ROOT = Path(__file__).resolve().parent.parent
RECORDS, CASH = 2_635_561, 322_397
KNOWN_SHARE = 0.8
YEAR = 2024
BUDGET_S, BUDGET_MIB = 60.0, 64.0
UNDATED, END = b"@" * 8, b"\r\n"


def session_days() -> list[date]:
    days = (date(YEAR, 1, 1) + timedelta(days=n) for n in range(366))
    return [day for day in days if is_session_day(day)]


def codes(environment: dict[str, str], count: int) -> list[str]:
    """Return the catalogue's commonest symbols, and codes that it does not know."""
    program = (
        "from mainapp.market.models import Stock;"
        "print(*Stock.objects.exclude(symbol='IBOV').order_by('rank')"
        f".values_list('symbol', flat=True)[:{int(count * KNOWN_SHARE)}])"
    )
    shell = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
    known = subprocess.check_output(shell, cwd=ROOT, env=environment, text=True).split()  # noqa: S603
    return known + [f"Z{n:03}11" for n in range(count - len(known))]


def day_blocks(symbols: list[str], days: list[date]) -> Iterator[bytes]:
    """Yield the records of a year, day by day: the cash market, then options."""
    draws = random.Random(1)  # noqa: S311 - no secret
    others, extra = divmod(RECORDS - CASH, len(days))
    option = cotahist.record("OPTION", days[0], close=123, market="070")
    options = [option[:2] + UNDATED + option[10:12] + b"%-12d" % n for n in range(others + extra)]
    options = [start + option[24:] + END for start in options]
    left = CASH
    for number, day in enumerate(days):
        traded = symbols[:left]
        left -= len(traded)
        for symbol in traded:
            low = draws.randrange(500, 9000)
            high, open_, close = low + 20, low + 3, low + 7
            record = cotahist.record(
                symbol, day, close=close, open_=open_, high=high, low=low, shares=10_000
            )
            yield record + END
        block = b"".join(options if not number else options[:others])
        yield block.replace(UNDATED, f"{day:%Y%m%d}".encode())


def write_year(folder: Path, symbols: list[str]) -> Path:
    path = folder / f"COTAHIST_A{YEAR}.ZIP"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"COTAHIST_A{YEAR}.TXT", "w") as member,
    ):
        member.write(cotahist.head() + END)
        for block in day_blocks(symbols, session_days()):
            member.write(block)
        member.write(cotahist.foot(RECORDS) + END)
    return path


def load(environment: dict[str, str], path: Path) -> tuple[float, float, float, str]:
    """Load a file in a separate process; return its seconds, CPU, largest MiB, and report."""
    started_at = time.monotonic()
    command = [sys.executable, "manage.py", "load_cotahist", str(path)]
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    report = process.stdout.read().strip()
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, report
    seconds, cpu_s = time.monotonic() - started_at, usage.ru_utime + usage.ru_stime
    return seconds, cpu_s, usage.ru_maxrss / 1024, report


def environment_of(folder: Path, url: str) -> dict[str, str]:
    return os.environ | {
        "DEBUG": "0",
        "SECRET_KEY": "benchmark",
        "SITE_URL": "https://pregao.example",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "QUOTE_SOURCE": "brapi",
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }


def measure(tally: Tally, name: str, folder: Path, url: str) -> None:
    environment = environment_of(folder, url)
    for command in (["migrate", "-v0"], ["seed_stocks"]):
        arguments = [sys.executable, "manage.py", *command]
        subprocess.run(arguments, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    empty = folder / "empty.txt"
    empty.write_bytes(cotahist.text([]))
    start_s, _cpu_s, base_mib, _report = load(environment, empty)
    year = folder / f"COTAHIST_A{YEAR}.ZIP"
    if not year.exists():
        write_year(folder, codes(environment, CASH // len(session_days()) + 1))
    for attempt in ("first load", "second load"):
        seconds, cpu_s, mib, report = load(environment, year)
        tally.note(report.splitlines()[-1])
        tally.line(f"{name}, {attempt}", seconds, "s", BUDGET_S)
        tally.line("  CPU", cpu_s, "s")
        tally.line("  growth of memory", mib - base_mib, "MiB", BUDGET_MIB)
    tally.line("  of which the start of Django", start_s, "s")
    tally.check("  the second load changes nothing", " 0 added, 0 changed" in report)


def main() -> int:
    tally = Tally(f"A year of COTAHIST: {RECORDS:,} records")
    with tempfile.TemporaryDirectory(prefix="pregao-cotahist-") as temporary:
        folder = Path(temporary)
        measure(tally, "SQLite", folder, f"sqlite:///{folder / 'pregao.sqlite3'}")
        server = PostgreSQL()
        try:
            measure(tally, "PostgreSQL", folder, server.url)
        finally:
            server.close()
    return tally.exit_code


if __name__ == "__main__":
    sys.exit(main())
