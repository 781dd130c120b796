"""Worker of `core.bounded_child` that reads CSV files.

The files are separated by semicolons, commas, tabs or bars, in UTF-8, UTF-16 or cp1252. The
arguments are the largest numbers of rows, of columns and of characters in a cell. The answer is
{"sheets": [{"name": "", "separator": text, "rows": [[text, …], …]}]}, with one row more than the
limit if there are more, or {"error": "binary" | "columns" | "wide"}.
"""

import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import Any

# In order of preference when several separate the sample equally well.
SEPARATORS = (";", "\t", "|", ",")
# Tried only if none of those finds the titles of a table.
RARE_SEPARATORS = (":", "^", "~", "#", "*", " ")
SAMPLE_ROWS = 500
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Beginnings of the titles of the columns that every portfolio has.
TITLE = re.compile(
    r"ticker|s[ií]mbolo|symbol|ativo|c[oó]digo|papel|produto|quant|qtde?\b|qty|cotas|shares|pre[cç]o|"
    r"price|average|avg|custo|cost|p\.? ?m\b|valor|nota",
    re.IGNORECASE,
)
# Appended as the last row; an open quotation mark makes it part of the row before.
END = "\0"
# The first line of some files names the separator to Excel.
DIRECTIVE = re.compile(r"sep=([^\w\s\"]|[\t ])[;,|\t]*\s*", re.IGNORECASE)


def work(arguments: list[str], data: bytes) -> dict[str, Any]:
    max_rows, max_columns, max_cell = map(int, arguments)
    try:
        text = decoded(data).rstrip("\x1a")
    except UnicodeDecodeError:
        return {"error": "binary"}
    if any(ord(letter) < 32 and letter not in "\t\r\n\v\f" for letter in text):
        return {"error": "binary"}
    line_end = "" if text.endswith(("\r", "\n")) else "\n"
    text = f"{text}{line_end}{END}"
    first = DIRECTIVE.fullmatch(text.partition("\n")[0])
    delimiter = first[1] if first else separator(text)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(rows) > max_rows or row == [END]:
                break
            if len(row) > max_columns:
                return {"error": "wide"}
            rows.append([cell[:max_cell] for cell in row])
        else:
            return {"error": "columns"}
    except csv.Error:
        return {"error": "columns"}
    if first:
        rows[0] = []
    return {"sheets": [{"name": "", "separator": delimiter, "rows": rows}]}


def decoded(data: bytes) -> str:
    """Return the text. Raises: UnicodeDecodeError if it is broken UTF-16."""
    if data.startswith(UTF_16):
        return data.decode("utf-16")
    if zeros := half_of_zeros(data[:2000]):
        return data.decode(zeros)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def half_of_zeros(start: bytes) -> str:
    """Return the UTF-16 codec of a text without a byte order mark, or an empty string.

    In Latin text every second byte is zero.
    """
    even, odd = start[::2], start[1::2]
    if odd.count(0) > 0.8 * len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) > 0.8 * len(even) and not odd.count(0):
        return "utf-16-be"
    return ""


def separator(text: str) -> str:
    """Return the separator that gives the most titles in one row.

    Without titles it is the one that splits the most rows into the same number of columns.
    """
    scores = {each: fitness(text, each) for each in SEPARATORS}
    best = max(SEPARATORS, key=lambda each: scores[each])
    if not scores[best][0]:
        rare = {each: fitness(text, each) for each in RARE_SEPARATORS}
        likely = max(RARE_SEPARATORS, key=lambda each: rare[each])
        return likely if rare[likely][0] > 2 else best
    return best


def fitness(text: str, delimiter: str) -> tuple[int, int, int]:
    """Return the titles in one row, the number of rows of the commonest width, and that width."""
    try:
        rows = list(
            islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), SAMPLE_ROWS)
        )
    except csv.Error:
        return 0, 0, 0
    titles = max(sum(bool(TITLE.match(cell.strip())) for cell in row[:200]) for row in rows)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    commonest = max(((count, width) for width, count in widths.items()), default=(0, 0))
    return titles if titles > 1 else 0, *commonest
