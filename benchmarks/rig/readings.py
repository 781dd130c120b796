"""Measurements of processes and samples, and their printing."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NS_PER_S = 1_000_000_000
BUDGET_MISSED = 3


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of all running threads of a process, kernel time included."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total / NS_PER_S


def rss_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def pss_bytes(pid: int) -> int:
    """Return the proportional set size of a process: each shared page is divided by its sharers."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def children(pid: int) -> dict[int, str]:
    """Return the running children of a process with their command lines."""
    commands = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except FileNotFoundError:
            continue
        if line:
            commands[int(child)] = line
    return commands


def percentile(values: Sequence[float], rank: float) -> float:
    """Return the nearest-rank percentile, `rank` in 0-100; NaN for no values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * rank / 100) - 1)]


def verdict(value: float, limit: float) -> str:
    return "met" if value <= limit else "MISSED"


class Tally:
    """Lines of measured values against limits; `missed` counts those over their limit."""

    def __init__(self, title: str) -> None:
        self.missed = 0
        print(title, flush=True)

    @property
    def exit_code(self) -> int:
        """Exit code of the benchmark: a missed budget differs from a crash, which is 1."""
        return BUDGET_MISSED if self.missed else 0

    def line(self, name: str, value: float, unit: str, limit: float | None = None) -> None:
        text = f"  {name:<58} {value:10.2f} {unit}"
        if limit is not None:
            text += f"   budget <= {limit:g}: {verdict(value, limit)}"
            self.missed += not value <= limit
        print(text, flush=True)

    def ratio(self, name: str, value: float, base: float, least: float | None = None) -> None:
        """Print `value` as a multiple of `base`, and compare it with `least`, if given."""
        times = value / base if base else math.inf
        text = f"  {name:<58} {times:10.2f} times"
        if least is not None:
            text += f"   budget >= {least:g}: {'met' if times >= least else 'MISSED'}"
            self.missed += not times >= least
        print(text, flush=True)

    def note(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def check(self, name: str, is_met: bool) -> None:
        print(f"  {name:<58} {'yes' if is_met else 'NO: MISSED'}", flush=True)
        self.missed += not is_met


@dataclass(frozen=True, slots=True)
class Criterion:
    """A measured value and its limit in one part of a run; the load is that of its end."""

    part: str
    name: str
    value: str
    limit: str
    is_met: bool
    load: float


class TableTally(Tally):
    """Collects the criteria of a run's parts, to print them as one table at the end."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.part, self.criteria = "", list[Criterion]()

    def line(self, name: str, value: float, unit: str, limit: float | None = None) -> None:
        super().line(name, value, unit, limit)
        if limit is not None:
            self._add(name, f"{value:.2f} {unit}".strip(), f"{limit:g}", value <= limit)

    def check(self, name: str, is_met: bool) -> None:
        super().check(name, is_met)
        self._add(name, "yes" if is_met else "no", "yes", is_met)

    def _add(self, name: str, value: str, limit: str, is_met: bool) -> None:
        load = os.getloadavg()[0]
        self.criteria.append(Criterion(self.part, name, value, limit, is_met, load))

    @property
    def failed(self) -> list[str]:
        return [criterion.name for criterion in self.criteria if not criterion.is_met]

    def print_table(self) -> None:
        """Print all criteria in Markdown, with a verdict each."""
        rows = ["| part | criterion | value | limit | verdict | load |", "|" + " --- |" * 6]
        for row in self.criteria:
            result = "met" if row.is_met else "MISSED"
            cells = (row.part, row.name, row.value, row.limit, result, f"{row.load:.1f}")
            rows.append(f"| {' | '.join(cells)} |")
        print("\n".join(rows), flush=True)
        print(f"{len(self.criteria)} criteria, {len(self.failed)} missed", flush=True)
