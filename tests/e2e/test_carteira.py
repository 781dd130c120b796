"""The live carteira in a real browser: its arithmetic, its quotes, its next contribution."""

import json
import re
import signal
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_modules import stage  # noqa: F401 - a fixture

CASES = json.loads(
    (Path(__file__).parents[2] / "mainapp/portfolio/tests/cases.json").read_text(encoding="utf-8")
)
BLANK = '<!doctype html><html lang="pt-BR"><title>.</title></html>'
VALUE = """async ({ holdings, quotes, groups }) => {
    const { Portfolio, text } = await import("/static/mainapp/js/money.js");
    const write = (values) => Object.fromEntries(Object.entries(values).map(
        ([name, value]) => [name, typeof value === "bigint" ? text(value) : value]));
    const portfolio = new Portfolio(holdings);
    for (const { symbol } of holdings) portfolio.set(symbol, quotes[symbol]);
    const totals = portfolio.totals();
    return {
        totals: write({ ...totals, patrimony: totals.total }),
        rows: [...portfolio.rows.values()].map(write),
        groups: Object.fromEntries(Object.keys(groups).map((by) => [by, portfolio.slices(by)
            .map(({ key, total, pct }) => [key, text(total), text(pct)])])),
    };
}"""


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_browser_counts_as_the_server_does(stage, case):  # noqa: F811 - the fixture
    counted = stage(BLANK).evaluate(VALUE, case)

    assert counted["groups"] == case["groups"]
    for row, expected in zip(counted["rows"], case["rows"], strict=True):
        assert {name: row[name] for name in expected} == expected
    assert {name: counted["totals"][name] for name in case["totals"]} == case["totals"]
    assert counted["totals"]["unquoted"] == len(case["left_out"])
