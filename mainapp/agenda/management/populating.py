"""Sample events, to try the pages with many rows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.sessions import SAO_PAULO, moment_of
from mainapp.clubs.models import Club
from mainapp.core.models import Tag
from mainapp.market.symbols import fold

TITLES = {
    "course": ("Análise de balanços", "Opções do zero", "Fundos imobiliários na prática"),
    "meeting": ("Café com dividendos", "Fechamento do mês", "Conversa sobre juros"),
    "assembly": ("Assembleia da Petrobras", "Assembleia da Vale"),
    "results": ("Resultados do Itaú", "Resultados da Weg", "Resultados da Ambev"),
    "proventos": ("Data-com da Taesa", "Pagamento do HGLG11"),
}
PLACES = ("Online", "Av. Paulista, 1.000", "Biblioteca do clube", "")
TAGS = ("dividendos", "FII", "renda fixa", "iniciantes")
ZONES = (SAO_PAULO, SAO_PAULO, SAO_PAULO, "Europe/Lisbon")
CHUNK = 500
MAX_EVENTS = 100_000


@transaction.atomic
def populate(count: int, *, at: datetime) -> None:
    """Add events from a month ago on, four a day; a third of them belong to clubs."""
    clubs = list(Club.objects.filter(archived_at=None).order_by("pk")[:50])
    hosts = list(User.objects.filter(is_active=True).order_by("pk")[:50])
    tags = [Tag.objects.get_or_create(key=fold(name), defaults={"name": name})[0] for name in TAGS]
    known = Event.objects.count()
    for first in range(0, count, CHUNK):
        numbers = range(known + first, known + min(first + CHUNK, count))
        rows = Event.objects.bulk_create(_event(n, clubs, hosts, at) for n in numbers)
        links = [
            Event.tags.through(event_id=row.pk, tag_id=tags[row.pk % len(tags)].pk) for row in rows
        ]
        Event.tags.through.objects.bulk_create(links)


def _event(number: int, clubs: list[Club], hosts: list[User], at: datetime) -> Event:
    kind = list(TITLES)[number % len(TITLES)]
    title = TITLES[kind][number % len(TITLES[kind])]
    zone_name = ZONES[number % len(ZONES)]
    day = (at + timedelta(days=number // 4 - 30)).date()
    start, end = f"{day}T{18 + number % 3}:00", f"{day}T{20 + number % 3}:30"
    place = PLACES[number % len(PLACES)]
    return Event(
        kind=kind,
        title=title,
        club=clubs[number % len(clubs)] if clubs and number % 3 == 0 else None,
        host=hosts[number % len(hosts)] if hosts else None,
        description="Inventado.",
        time_zone=zone_name,
        wall_start=start,
        wall_end=end,
        starts_at=moment_of(start, zone_name),
        ends_at=moment_of(end, zone_name),
        place=place,
        price=(0, 0, 50, 120)[number % 4],
        seats=(None, 10, 30)[number % 3],
        uid=f"{uuid4().hex}@populate.invalid",
        created_at=at,
        changed_at=at,
        announced_at=at,
        search_text=fold(f"{title} Inventado. {place}"),
    )


class PopulateCommand(BaseCommand):
    """`populate_agenda N`, also under the name of other services."""

    help = "Add N sample events. Needs DEBUG=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("events", type=int)

    def handle(self, *, events: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("populate_agenda invents data: it needs DEBUG=1")
        if not 0 < events <= MAX_EVENTS:
            raise CommandError(f"1-{MAX_EVENTS} events")
        populate(events, at=timezone.now())
        self.stdout.write(f"populate_agenda: {events} events")
