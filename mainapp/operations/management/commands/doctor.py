"""`manage.py doctor`: check the instance and its surroundings, and say how to fix faults."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mainapp.operations.management.doctor import CHECKS
from mainapp.operations.management.doctor.findings import run_checks


class Command(BaseCommand):
    help = "Check settings, services, files and versions; exit with 1 if there is a fault."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = run_checks(CHECKS)
        is_ok = all(line.is_ok for line in lines)
        if options["json"]:
            rows = [line._asdict() for line in lines]
            self.stdout.write(json.dumps({"is_ok": is_ok, "checks": rows}, ensure_ascii=False))
        else:
            for line in lines:
                state = "ok" if line.is_ok else "fault:"
                self.stdout.write(f"{line.check + ':':<16}{state} {line.text}")
        if not is_ok:
            sys.exit(1)
