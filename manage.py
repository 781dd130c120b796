#!/usr/bin/env python
"""Django's command line for Pregão; `test` hands over to pytest."""

import sys

import project  # noqa: F401 - names the settings

UNDEFINED_TABLE = "42P01"  # of PostgreSQL


def main() -> None:
    if sys.argv[1:2] == ["test"]:
        import pytest  # noqa: PLC0415 - a development dependency

        sys.exit(pytest.main(sys.argv[2:]))
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings
    from django.db import DatabaseError  # noqa: PLC0415 - after the settings

    from mainapp.core.contexts import commanding  # noqa: PLC0415 - as above

    try:
        with commanding(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except DatabaseError as error:
        if not is_missing_table(error):
            raise
        sys.exit(
            "pregao: the site is not set up yet: run `make run`, `make demo` or "
            "`manage.py setup` first"
        )


def is_missing_table(error: Exception) -> bool:
    """Return whether a query failed because no migration has created its table."""
    return (
        getattr(error.__cause__, "sqlstate", "") == UNDEFINED_TABLE
        or "no such table" in str(error)  # SQLite
    )


if __name__ == "__main__":
    main()
