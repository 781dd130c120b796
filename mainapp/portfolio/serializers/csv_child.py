"""Worker of `core.bounded_child` that reads CSV files.

The files are separated by semicolons, commas or tabs, in UTF-8, UTF-16 or Latin-1. The arguments
are the largest numbers of rows, of columns and of characters in a cell; what exceeds them is left
out. The answer is {"rows": [[text, …], …]}, or {"error": "binary" | "columns"}.
"""

import csv
import io
from typing import Any

SEPARATORS = (";", "\t", ",")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Appended as a last row: it is a part of the row before if that has an open quotation mark.
END = "\0"


def work(arguments: list[str], data: bytes) -> dict[str, Any]:
    max_rows, max_columns, max_cell = map(int, arguments)
    try:
        text = decoded(data)
    except UnicodeDecodeError:
        return {"error": "binary"}
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text):
        return {"error": "binary"}
    line_end = "" if text.endswith(("\r", "\n")) else "\n"
    lines = io.StringIO(f"{text}{line_end}{END}", newline="")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=separator(text)):
            if len(rows) == max_rows or row == [END]:
                break
            rows.append([cell[:max_cell] for cell in row[:max_columns]])
        else:
            return {"error": "columns"}
    except csv.Error:
        return {"error": "columns"}
    return {"rows": rows}


def decoded(data: bytes) -> str:
    """Return the text. Raises: UnicodeDecodeError if it is broken UTF-16."""
    if data.startswith(UTF_16):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def separator(text: str) -> str:
    """Return the commonest separator of the first line that has any."""
    for line in text.splitlines()[:20]:
        commonest = max(SEPARATORS, key=line.count)
        if commonest in line:
            return commonest
    return ";"
