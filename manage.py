#!/usr/bin/env python
"""Django's command line for Pregão; `test` hands over to pytest."""

import sys

import project  # noqa: F401 - names the settings


def main() -> None:
    if sys.argv[1:2] == ["test"]:
        import pytest  # noqa: PLC0415 - a development dependency

        sys.exit(pytest.main(sys.argv[2:]))
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
