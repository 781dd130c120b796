"""Command that loads the catalogue from the project's data, or from the configured source."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.configured import build_chain
from mainapp.market.services.catalogue import Refreshed, load_data, refresh_catalogue


class Command(BaseCommand):
    help = (
        "Load the stocks, index lists and events of data/; unchanged data is not loaded again. "
        "With --refresh: complete the stocks from the list of the configured source; a stock that "
        "no list had for 90 days is retired, never deleted."
    )

    # They take half of the command's time, and it runs at every start.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--refresh", action="store_true", help="load the source's list")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_refresh() if options["refresh"] else _seed(settings.BASE_DIR / "data"))


def _seed(folder: Path) -> str:
    seeded = load_data(folder)
    if not seeded:
        return "The catalogue is up to date: nothing changed."
    return (
        f"Catalogue: {seeded.added} added, {seeded.updated} updated, {seeded.lists} index lists "
        f"and {seeded.events} events written."
    )


def _refresh() -> str:
    try:
        listings = build_chain().tickers()
    except ProviderError as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"No list of stocks, nothing changed: {reason}") from error
    refreshed = refresh_catalogue(listings=listings, on=timezone.localdate())
    return f"{_counts(refreshed)}{_warning(refreshed, listed=len(listings))}"


def _counts(refreshed: Refreshed) -> str:
    return (
        f"Catalogue: {refreshed.added} added, {refreshed.completed} completed, "
        f"{refreshed.revived} revived, {refreshed.retired} retired, {refreshed.skipped} skipped."
    )


def _warning(refreshed: Refreshed, *, listed: int) -> str:
    if not refreshed.is_short:
        return ""
    return f" The source lists only {listed}, less than half of ours: nothing was retired."
