"""Lighthouse scores of the main pages, on a phone and on a desktop: the median of five runs each.

`make lighthouse` installs Lighthouse first; `RUNS=1 PAGES=home,tracker` in the environment shortens
the run. It starts a site in production mode with the demonstration data. The scores depend on the
machine's load, which is printed: compare only those of an idle machine.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.rig.readings import BUDGET_MISSED
from benchmarks.rig.site import PAGES, Site, chromium, filled_site

FOLDER = Path(__file__).resolve().parent
COMMAND = FOLDER / "node_modules/lighthouse/cli/index.js"
CHROME_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"
RUN_S = 120.0
ATTEMPTS = 3  # on a busy machine Lighthouse sometimes misses the start of its trace (NO_NAVSTART)
DEVICES = ("mobile", "desktop")
SCORES = ("performance", "accessibility", "best-practices", "seo")
METRICS = {
    "CLS": "cumulative-layout-shift",
    "FCP": "first-contentful-paint",
    "LCP": "largest-contentful-paint",
    "TBT": "total-blocking-time",
}
MIN_SCORES = {"mobile": (95, 100, 100, 100), "desktop": (100, 100, 100, 100)}
MAX_CLS = 0.01

Report = dict[str, Any]


def run_lighthouse(site: Site, path: str, device: str, *, is_logged_in: bool) -> Report:
    """Return Lighthouse's report of one visit with an empty cache."""
    command = ["node", str(COMMAND), f"{site.url}{path}", "--output=json", "--quiet"]
    command += [f"--chrome-flags={CHROME_FLAGS}", f"--only-categories={','.join(SCORES)}"]
    if device == "desktop":
        command.append("--preset=desktop")
    if is_logged_in:
        command.append(f"--extra-headers={json.dumps({'Cookie': site.cookie})}")
    for _ in range(ATTEMPTS):
        process = subprocess.run(  # noqa: S603 - our own arguments
            command,
            env={"CHROME_PATH": chromium(), **os.environ},
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
        if not process.returncode:
            report: Report = json.loads(process.stdout)
            if report["finalDisplayedUrl"] != f"{site.url}{path}":
                raise RuntimeError(f"{path} led to {report['finalDisplayedUrl']}")
            return report
    raise RuntimeError(f"Lighthouse failed on {path}:\n{process.stderr}")


def score(report: Report, name: str) -> float:
    return 100 * (report["categories"][name]["score"] or 0)


def metric(report: Report, name: str) -> float:
    return float(report["audits"][METRICS[name]].get("numericValue", 0.0))


def failed_audits(reports: list[Report]) -> Iterator[str]:
    """Yield the failed audits of all categories except performance, and where they failed."""
    report = reports[-1]
    for category in SCORES[1:]:
        for reference in report["categories"][category]["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 1:
                items = audit.get("details", {}).get("items", [])
                places = [node_of(item) for item in items[:3]]
                yield f"{category}: {audit['title']} {'; '.join(filter(None, places))}"


def slow_audits(report: Report) -> Iterator[str]:
    """Yield the performance audits with a score below 90 of 100."""
    references = report["categories"]["performance"]["auditRefs"]
    audits = [report["audits"][reference["id"]] for reference in references]
    for audit in audits:
        if audit["score"] is not None and audit["score"] < 0.9 and audit.get("displayValue"):
            yield f"performance: {audit['title']}: {audit['displayValue']}"


def node_of(item: dict[str, Any]) -> str:
    """Return the selector or the text of one finding."""
    node = item.get("node") or {}
    return str(node.get("selector") or item.get("description") or item.get("url") or "")


def is_missed(device: str, scores: list[float], cls: float) -> bool:
    is_low = any(value < least for value, least in zip(scores, MIN_SCORES[device], strict=True))
    return is_low or cls > MAX_CLS


def measure(site: Site, runs: int, names: list[str]) -> bool:
    """Print the table and the failed audits; return whether every budget is met."""
    print("| page | device | perf | a11y | best | SEO | CLS | FCP s | LCP s | TBT ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    notes: list[str] = []
    missed = 0
    for name in names:
        path, is_logged_in = PAGES[name]
        for device in DEVICES:
            reports = [
                run_lighthouse(site, path, device, is_logged_in=is_logged_in) for _ in range(runs)
            ]
            scores = [statistics.median(score(each, kind) for each in reports) for kind in SCORES]
            values = {
                kind: statistics.median(metric(each, kind) for each in reports) for kind in METRICS
            }
            cells = [f"{value:.0f}" for value in scores] + [f"{values['CLS']:.3f}"]
            cells += [f"{values['FCP'] / 1000:.1f}", f"{values['LCP'] / 1000:.1f}"]
            cells.append(f"{values['TBT']:.0f}")
            print(f"| {name} | {device} | {' | '.join(cells)} |", flush=True)
            missed += is_missed(device, scores, values["CLS"])
            for note in (*failed_audits(reports), *slow_audits(reports[-1])):
                notes.append(f"{name}, {device}: {note}")
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {runs} runs each")
    print(*notes, sep="\n")
    return not missed


def main() -> int:
    if not COMMAND.is_file():
        print("Lighthouse is not installed: run `make lighthouse`", file=sys.stderr)
        return 1
    names = [name for name in os.environ.get("PAGES", "").split(",") if name] or list(PAGES)
    with filled_site() as site:
        is_met = measure(site, int(os.environ.get("RUNS", "5")), names)
    return 0 if is_met else BUDGET_MISSED


if __name__ == "__main__":
    sys.exit(main())
