"""Query plans of executed statements, and the number of rows that they read."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

# Rows of one big table that a statement may read by an index, and by a scan that a LIMIT ends.
MAX_ROWS, MAX_SCANNED_ROWS = 3_000, 500
# Blocks that a read may take for each row and each repetition, and beside: more are those of an
# index that is read as a whole because its first columns have no condition.
BLOCKS_A_ROW, MAX_BLOCKS = 5, 600
MAX_PRINTED = 4_000
AVOIDED = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
STATEMENT = re.compile(r"\s*\(?\s*(SELECT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)


@dataclass
class Finding:
    """A read of too many rows, or too many blocks, of a big table."""

    place: str
    table: str
    node: str
    rows: int
    blocks: int
    sql: str

    def __str__(self) -> str:
        read = f"{self.rows} rows in {self.blocks} blocks"
        return f"{self.place}: {self.node} of {self.table}, {read}\n    {self.sql}"


@dataclass
class Plans:
    """Explains each statement on big tables before it runs, with its own parameters.

    PostgreSQL runs the statement for the plan (EXPLAIN ANALYZE), inside a savepoint: estimates
    alone would not show an index that is read as a whole, or a LIMIT that ends a scan early.
    A statement is a finding if it reads many rows of a big table both by the plan that PostgreSQL
    chose and by a plan without scans: the second one is what it chooses as a table grows, so that
    a scan of a table that is still small is no finding, and a missing index is one.
    """

    tables: set[str]
    place: str = ""
    explained: int = 0
    findings: list[Finding] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        self.place = place
        with connection.execute_wrapper(self._explain):
            yield

    def _explain(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if STATEMENT.match(sql) and self._names_a_table(sql):
            self._explain_once(sql, params[0] if many else params)
        return execute(sql, params, many, context)

    def _names_a_table(self, sql: str) -> bool:
        return bool(self.tables.intersection(re.findall(r'"(\w+)"', sql)))

    def _explain_once(self, sql: str, params: Any) -> None:
        # The same statement with lists of other lengths is explained once.
        shape = re.sub(r"%s(, %s)+", "%s", sql)
        if shape in self.seen:
            return
        self.seen.add(shape)
        self.explained += 1
        key = f"{sql} {params}"[:MAX_PRINTED]
        if self._large_reads(plan_of(sql, params)):
            for read in self._large_reads(plan_of(sql, params, by_index=True)):
                self.findings.append(Finding(self.place, *read, sql=key))

    def _large_reads(self, plan: dict[str, Any]) -> list[tuple[str, str, int, int]]:
        return [
            (table, node, rows, blocks)
            for table, node, rows, blocks in reads(plan)
            if table in self.tables
            and (
                rows > (MAX_SCANNED_ROWS if node == "Seq Scan" else MAX_ROWS)
                or blocks > MAX_BLOCKS + BLOCKS_A_ROW * rows
            )
        ]


def plan_of(sql: str, params: Any, *, by_index: bool = False) -> dict[str, Any]:
    """Return the root of a statement's plan, with the rows that each node really read.

    With `by_index`, PostgreSQL avoids scans and hashes, which it prefers for small tables.
    """
    with connection.connection.cursor() as cursor:
        cursor.execute("SAVEPOINT explained")
        for method in AVOIDED if by_index else ():
            cursor.execute(f"SET LOCAL {method} = off")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) {sql}", params)
        (answer,) = cursor.fetchone()
        cursor.execute("ROLLBACK TO SAVEPOINT explained")
    plans = json.loads(answer) if isinstance(answer, str) else answer
    root: dict[str, Any] = plans[0]["Plan"]
    return root


def reads(node: dict[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    """Yield (table, kind of node, rows read, blocks read) of each node that reads a table."""
    if "Relation Name" in node and node["Node Type"] != "ModifyTable":
        discarded = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
        rows = (node["Actual Rows"] + discarded) * node["Actual Loops"]
        blocks = node["Shared Hit Blocks"] + node["Shared Read Blocks"]
        loops = round(node["Actual Loops"])
        yield (
            node["Relation Name"],
            node["Node Type"],
            round(rows),
            max(0, blocks - BLOCKS_A_ROW * loops),
        )
    for child in node.get("Plans", ()):
        yield from reads(child)
