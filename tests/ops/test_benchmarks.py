"""Outcomes of `make bench`: budgets met, a budget missed, or a benchmark that failed to run."""

import re

import pytest

from benchmarks import __main__ as runner
from benchmarks.rig import capacity
from benchmarks.rig.readings import BUDGET_MISSED, TableTally, Tally
from tests.instances import ROOT, run

CRASH, HANG = "raise RuntimeError('boom')", "import time; time.sleep(60)"


def script(folder, name, code):
    (folder / f"{name}.py").write_text(code)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "FOLDER", tmp_path)
    monkeypatch.setattr(runner, "LIMIT_S", 5.0)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "exit_code", "outcome"),
    [
        ("", 0, "met"),
        (f"raise SystemExit({BUDGET_MISSED})", 3, "BUDGET MISSED"),
        (CRASH, 1, "FAILED with exit code 1"),
        (HANG, 1, "FAILED: not done after 5 s"),
    ],
)
def test_outcome_of_a_benchmark(folder, capfd, code, exit_code, outcome):
    script(folder, "fine", "")
    script(folder, "tried", code)

    assert runner.main([]) == exit_code
    assert f"tried                {outcome} (" in capfd.readouterr().out


def test_failure_weighs_more_than_a_missed_budget(folder):
    script(folder, "missed", f"raise SystemExit({BUDGET_MISSED})")
    script(folder, "crashed", CRASH)

    assert runner.main([]) == 1


def test_no_benchmark_of_that_name_is_a_failure(folder):
    assert runner.main(["unknown"]) == 1


def test_every_script_starts_without_settings():
    """pytest has settings, a script has none before it starts its rig."""
    folders = (ROOT / "benchmarks", ROOT / "benchmarks" / "faults")
    paths = [path.relative_to(ROOT) for folder in folders for path in folder.glob("[!_]*.py")]
    modules = ", ".join(".".join(path.with_suffix("").parts) for path in paths)

    done = run("-c", f"import {modules}", DJANGO_SETTINGS_MODULE="")

    assert (done.returncode, done.stderr) == (0, "")


def test_missed_budget_sets_the_exit_code(capsys):
    tally = Tally("title")
    tally.line("within", 1, "s", 2)
    assert tally.exit_code == 0

    tally.line("over", 3, "s", 2)
    assert tally.exit_code == BUDGET_MISSED


def test_table_has_a_verdict_for_each_criterion(capsys, monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (1.5, 2.0, 2.0))
    tally = TableTally("title")
    tally.line("a figure without a limit", 7, "s")
    tally.part = "first"
    tally.line("within", 1, "s", 2)
    tally.part = "second"
    tally.line("unknown", float("nan"), "ms", 2)
    tally.check("ran to its end", False)
    capsys.readouterr()

    tally.print_table()

    assert capsys.readouterr().out.splitlines()[2:] == [
        "| first | within | 1.00 s | 2 | met | 1.5 |",
        "| second | unknown | nan ms | 2 | MISSED | 1.5 |",
        "| second | ran to its end | no | yes | MISSED | 1.5 |",
        "3 criteria, 2 missed",
    ]
    assert (tally.failed, tally.exit_code) == (["unknown", "ran to its end"], BUDGET_MISSED)


def test_the_document_on_scale_quotes_the_constants_and_the_plan():
    text = (ROOT / "docs" / "SCALE.md").read_text()

    quoted = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", text, re.MULTILINE))
    assert {name: float(value) for name, value in quoted.items()} == {
        name: getattr(capacity, name) for name in quoted
    }
    assert len(quoted) == 12
    for sockets in (10_000, 100_000, 1_000_000):
        load = capacity.plan(sockets)
        cells = [
            f"| {sockets:,} | {load.processes} | {capacity.web_cpu_ms(load) / 1000:,.1f} s ",
            f"| {capacity.memory_mb(load) / 1024:.1f} GB | {capacity.redis_kb(load):,.0f} KB ",
            f"| {capacity.client_mb(load):,.0f} MB | {capacity.connections(load):,} |",
        ]
        assert "".join(cells) in text


def test_the_formula_adds_up_sockets_batches_and_time(monkeypatch):
    values: dict[str, float] = {
        "UPDATE_CPU_US": 10,
        "BATCH_CPU_MS": 2,
        "HEARTBEAT_CPU_US": 5,
        "IDLE_CPU_MS": 8,
    }
    values |= {"PUBLICATION_KB": 12, "WRITER_KB": 36, "POLL_KB": 0.5, "CONNECT_CPU_MS": 1}
    for name, value in values.items():
        monkeypatch.setattr(capacity, name, value)
    slow = capacity.Load(sockets=1000, processes=2, every_s=10)
    fast = capacity.Load(sockets=1000, processes=2, every_s=0.5)

    # A frame of a batch, and a heartbeat 2, 4, 6 and 8 s after it.
    assert (slow.heartbeats, fast.heartbeats) == (4, 0)
    assert capacity.web_cpu_ms(slow) == 2 * (2 + 80) + 1000 * (10 + 20) / 1000
    assert capacity.web_cpu_ms(fast) == 2 * (2 + 4) + 10
    assert capacity.redis_kb(slow) == 36 + 2 * (12 + 5)
    # 590 ms of a second are for frames of 10 us; 1 ms for each connect within 10 s.
    assert capacity.processes_needed(58_000, back_s=1000) == 1
    assert capacity.processes_needed(60_000, back_s=1000) == 2
    assert capacity.processes_needed(60_000) == 6
