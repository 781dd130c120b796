r"""Restoring of PostgreSQL dumps in plain SQL, without psql.

psql would run a line like `\! command` in a dump on this machine. Here each statement is sent to
the server by libpq, which has no such commands. Only the kinds of statements that pg_dump writes
for our tables are accepted, which excludes `COPY … FROM PROGRAM`, functions and `DO` blocks.
Expressions, such as a column's default, still run with the rights of the database user.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

MAX_STATEMENT = 1024 * 1024
CHUNK = 64 * 1024
# Tokens outside of quotes. _ENDS maps each opening quote to a pattern of its contents and its end.
_TOKEN = re.compile(rb"""--[^\n]*|(?<!\w)[Ee]'|['";$]|/\*""")
_ENDS = {
    b"'": re.compile(rb"(?:[^']|'')*?'(?!')"),
    b'"': re.compile(rb'(?:[^"]|"")*?"(?!")'),
    b"E'": re.compile(rb"(?:[^'\\]|''|\\.)*?'(?!')", re.S),
}
_RESTRICT = re.compile(rb"\\(un)?restrict [A-Za-z0-9]+\s*")
_COPY = re.compile(rb"COPY [\w.\"]+ \([\w\", ]+\) FROM stdin;")
# Skipped: a server older than pg_dump does not know all of these, and our own time-outs apply.
_TIMEOUT = re.compile(rb"SET (statement|lock|idle_in_transaction_session|transaction)_timeout = 0;")
# Only those of pg_dump: with other encodings or strings, the server would see other quotes than we.
_SET = (
    rb"SET (client_encoding = '(UTF8|SQL_ASCII|LATIN\d+|WIN125\d)'|standard_conforming_strings = on"
    rb"|check_function_bodies = false|xmloption = content|client_min_messages = warning"
    rb"|row_security = off|escape_string_warning = off|default_tablespace = ''"
    rb"|default_with_oids = false|default_table_access_method = \w+);"
)
_ACCEPTED = re.compile(
    _SET + rb"|SELECT pg_catalog\.set_config\('search_path', '', false\);"
    rb"|SELECT pg_catalog\.setval\('[\w.\"]+', \d+, (true|false)\);"
    rb"|CREATE TABLE [\w.\"]+ \(\s|CREATE (UNIQUE )?INDEX |CREATE SEQUENCE "
    rb"|ALTER (TABLE|SEQUENCE|INDEX) "
    rb"|COMMENT ON |CREATE EXTENSION IF NOT EXISTS "
)
# All tables, including those that the dump does not contain because it is older than the schema.
_DROP_TABLES = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE %I CASCADE', name);
  END LOOP;
END $$
"""


class DumpError(Exception):
    """A dump with content that pg_dump does not write for our tables."""


def load_dump(connection: Any, dump: BinaryIO) -> None:
    """Replace all tables with those of a dump, in one transaction of a psycopg connection.

    Raises: DumpError, psycopg.Error.
    """
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_DROP_TABLES)
        for statement in _statements(dump):
            if _COPY.fullmatch(statement):
                with cursor.copy(statement) as copy:
                    for chunk in _copied(dump):
                        copy.write(chunk)
            elif not _TIMEOUT.fullmatch(statement):
                cursor.execute(statement, binary=True)  # which the server takes as one statement


def _statements(dump: BinaryIO) -> Iterator[bytes]:
    """Yield the statements of a dump; the caller has to read the data after a COPY."""
    statement, quote = b"", b""
    while line := dump.readline(MAX_STATEMENT):
        if not statement and (not line.strip() or _RESTRICT.fullmatch(line)):
            continue
        if not statement and line.startswith(b"\\"):
            raise DumpError(f"it has a command for psql: {_shown(line)}")
        code, quote, is_complete = _scan(line, quote)
        statement += code if statement else code.lstrip()
        if len(statement) > MAX_STATEMENT:
            raise DumpError("it has a statement that is too long")
        if is_complete:
            yield _accepted(statement.strip())
            statement = b""
    if statement.strip():
        raise DumpError("its last statement is incomplete")


def _scan(line: bytes, quote: bytes) -> tuple[bytes, bytes, bool]:
    """Return a line without its comment, the quote open at its end, and if it ends a statement.

    Raises: DumpError for two statements in one line, dollar quotes and block comments.
    """
    position = 0
    while True:
        if quote:
            end = _ENDS[quote].match(line, position)
            if end is None:
                return line, quote, False
            position = end.end()
        token = _TOKEN.search(line, position)
        if token is None:
            return line, b"", False
        if token[0].startswith(b"--"):
            return line[: token.start()] + b"\n", b"", False
        if token[0] == b";":
            _check_end(line, token.end())
            return line, b"", True
        quote, position = token[0].upper(), token.end()
        if quote not in _ENDS:
            raise DumpError(f"it has an unexpected {quote.decode()}: {_shown(line)}")


def _check_end(line: bytes, position: int) -> None:
    if line[position:].strip():
        raise DumpError(f"it has text after a statement: {_shown(line)}")


def _accepted(statement: bytes) -> bytes:
    if _COPY.fullmatch(statement) or _TIMEOUT.fullmatch(statement) or _ACCEPTED.match(statement):
        return statement
    raise DumpError(f"it has a statement that no backup of Pregão has: {_shown(statement)}")


def _copied(dump: BinaryIO) -> Iterator[bytes]:
    r"""Yield the rows after a COPY in chunks, up to the line `\.`. Raises: DumpError."""
    lines: list[bytes] = []
    size, is_new_line = 0, True
    while line := dump.readline(CHUNK):
        if is_new_line and line.rstrip(b"\r\n") == b"\\.":
            yield b"".join(lines)
            return
        is_new_line = line.endswith(b"\n")
        lines.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(lines)
            lines, size = [], 0
    raise DumpError("its rows of a table are incomplete")


def _shown(text: bytes) -> str:
    return repr(text.decode(errors="replace").strip()[:60])
