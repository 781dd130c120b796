"""Bring an instance up to date before it starts; safe to repeat and to run concurrently."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from mainapp.accounts.services import log_ins
from mainapp.accounts.services.second_factors import ensure_key as ensure_mfa_key
from mainapp.agenda.services.announcing import ensure_announcing
from mainapp.agenda.services.events import apply_zone_rules
from mainapp.clubs.services import clubs
from mainapp.core import data_folder, static_files
from mainapp.core.database import direct_connection, one_at_a_time
from mainapp.core.limits.seeding import ineffective_settings, seed_default_plan
from mainapp.core.logs.formats import program_line
from mainapp.core.pictures.kinds import ensure_sweep as ensure_picture_sweep
from mainapp.forum.services.talk import ensure_talk
from mainapp.ideas.services import scheduling as ideas
from mainapp.market.selectors.schedule import update_schedule
from mainapp.market.services.scheduling import ensure_periodic_tasks
from mainapp.moderation.services.complaints import ensure_forgetting
from mainapp.notifications.selectors.channels import device_count
from mainapp.notifications.services.devices import ensure_key
from mainapp.notifications.services.scheduling import ensure_sweep
from mainapp.operations.services.reports import sweeping
from mainapp.operations.services.sampling import ensure_sampling
from mainapp.operations.services.sealing import ensure_sealing
from mainapp.pages.management.migrating import migrate
from mainapp.uploads.services import uploads
from project.environment import Refusal, logs_json

CONNECT_TIMEOUT_S = 3


class Command(BaseCommand):
    help = "Migrate, load the catalogue, schedule the updates, compile messages, collect files."
    requires_system_checks = []

    def handle(self, *args: Any, verbosity: int = 1, **options: Any) -> None:
        def report(step: str, result: str) -> None:
            if verbosity:
                self.stdout.write(f"{step + ':':<15}{result}")

        if fault := static_files.missing_assets_fault():
            raise Refusal(fault)
        create_data_folder()
        check_database()
        wait = "another setup is running on this database: waiting for it to finish"
        locked = "a table is in use: trying again until it is free"
        with one_at_a_time("setup", on_wait=lambda: report("database", wait)):
            report("database", migrate(on_wait=lambda: report("database", locked)))
            report("catalogue", seed_catalogue())
            report("updates", schedule())
            report("quotas", seed_quotas())
        for line in ineffective_settings():  # also without the report
            self._warn(line)
        push = ensure_key(device_count=device_count())
        report("web push", push)
        if push.startswith("OFF"):  # said at every start, also without the report
            self._warn(f"web push is {push}")
        second_factors = ensure_mfa_key()
        report("second factor", second_factors)
        if second_factors.startswith("OFF"):
            self._warn(f"the second factor is {second_factors}")
        report("translations", compile_messages())
        report("static files", static_files.collect())

    def _warn(self, text: str) -> None:
        """Print a line for the operator, in the format of the log."""
        line = f"pregao: {text}"
        self.stderr.write(program_line("WARNING", "project", line) if logs_json() else line)


def create_data_folder() -> None:
    folder = Path(settings.DATA_DIR)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"DATA_DIR {folder} cannot be created ({error.strerror})") from None
    if fault := data_folder.fault():
        raise Refusal(fault)


def check_database() -> None:
    """Exit with a one-line message unless the database accepts a connection within 3 s."""
    probe = direct_connection()
    if probe.vendor == "postgresql":
        probe.settings_dict["OPTIONS"]["connect_timeout"] = CONNECT_TIMEOUT_S
    try:
        with probe.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise Refusal(
            f"the database refuses ({reason}): check DATABASE_URL, and that it runs and lets this "
            "user in"
        ) from None
    finally:
        probe.close()


def seed_catalogue() -> str:
    output = StringIO()
    call_command("seed_stocks", stdout=output)
    text = output.getvalue().strip()
    return text.removeprefix("Catalogue: ").removeprefix("The catalogue is ")


def seed_quotas() -> str:
    count = seed_default_plan()
    return f"{count} rules of the default plan seeded" if count else "up to date"


def schedule() -> str:
    ensure_periodic_tasks()
    ensure_sweep()
    ensure_picture_sweep()
    log_ins.ensure_pruning()
    ensure_talk()
    uploads.ensure_sweep()
    ensure_forgetting()
    ensure_announcing()
    apply_zone_rules(at=timezone.now())  # an update may bring new rules of time zones
    clubs.ensure_sweep()
    ideas.ensure_sweep()
    sweeping.ensure_sweep()
    ensure_sealing()
    ensure_sampling()
    current = update_schedule()
    if current.interval is None:
        return "switched off in the admin"
    if current.is_crontab:
        return "at the times of the admin's crontab"
    origin = "UPDATE_INTERVAL_S" if current.is_from_setting else "the admin's interval"
    return f"every {current.interval.total_seconds():g} s ({origin})"


def compile_messages() -> str:
    try:
        call_command("messages", "compile", stdout=StringIO())
    except OSError as error:
        raise Refusal(
            f"{error.filename} cannot be written: run `make build` as its owner"
        ) from None
    return "compiled"
