"""Run every benchmark in turn and summarise: met, budget missed, or failed to run.

Exit codes: 0 when every budget is met, 3 when one is missed, 1 when a benchmark failed to run or
took longer than its limit.
"""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.rig.readings import BUDGET_MISSED

FOLDER = Path(__file__).resolve().parent
LIMIT_S = 180.0
# Of those that handle a million rows, or wait for a rhythm.
LONGER_S = {"audit": 900.0, "growth": 900.0, "reports": 900.0, "scale": 600.0}
STOP_S = 10.0
OUTCOMES = {0: "met", BUDGET_MISSED: "BUDGET MISSED"}


def run_script(script: Path) -> str:
    """Run one benchmark and return its outcome in words."""
    limit_s = LONGER_S.get(script.stem, LIMIT_S)
    process = subprocess.Popen([sys.executable, script], cwd=FOLDER.parent)  # noqa: S603 - ours
    try:
        code = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.terminate()  # the script stops what it started, which a SIGKILL would leave
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return f"FAILED: not done after {limit_s:g} s"
    return OUTCOMES.get(code, f"FAILED with exit code {code}")


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; return the exit code."""
    scripts = sorted(path for path in FOLDER.glob("[a-z]*.py") if not names or path.stem in names)
    outcomes = {}
    for script in scripts:
        print(f"== {script.stem}", flush=True)
        started_at = time.monotonic()
        outcome = run_script(script)
        outcomes[script.stem] = f"{outcome} ({time.monotonic() - started_at:.0f} s)"
    print("== summary")
    for name, outcome in outcomes.items():
        print(f"  {name:<20} {outcome}")
    if not outcomes or any("FAILED" in outcome for outcome in outcomes.values()):
        return 1
    return BUDGET_MISSED if any("MISSED" in outcome for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
