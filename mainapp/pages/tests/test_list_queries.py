"""Numbers of queries of the pages of ideas, the agenda and clubs, and of the API's lists."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mainapp.agenda.models import Event
from mainapp.agenda.tests.factories import fill
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.tests.factories import ClubFactory, make_club
from mainapp.core.models import Tag
from mainapp.ideas.models import Idea
from mainapp.ideas.tests.factories import idea_of
from mainapp.market.models import Stock
from mainapp.market.tests.factories import ticker

MAX_QUERIES = 6
LISTS = [
    "/agenda/",
    "/agenda/?club=grupo&tags=t0&q=e",
    "/agenda/?view=month",
    "/api/v1/events/",
    "/ideias/",
    "/ideias/?club=grupo&tags=t0&q=e",
    "/api/v1/ideas/",
    "/clubes/",
    "/api/v1/clubs/",
]


def add_rows(numbers, alice, bob, club):
    """Add events and ideas, public ones and those of a club, with tags, and clubs of the reader."""
    tags = Tag.objects.bulk_create(Tag(key=f"t{n}", name=f"T{n}") for n in numbers)
    fill(len(numbers), host=bob)
    fill(len(numbers), host=alice, club=club)
    add_ideas(numbers, (alice, club), (bob, None))
    models: list[Any] = [Idea, Event]
    for model in models:
        name = model.__name__.lower()
        rows = list(model.objects.exclude(tags__isnull=False))
        model.tags.through.objects.bulk_create(
            model.tags.through(**{name: row, "tag": tag}) for row in rows for tag in tags[:2]
        )
    clubs = Club.objects.bulk_create(ClubFactory.build() for _n in numbers)
    at = timezone.now()
    ClubMember.objects.bulk_create(
        ClubMember(club=club, user=user, joined_at=at) for club in clubs for user in (alice, bob)
    )


def add_ideas(numbers, *places):
    stocks = Stock.objects.bulk_create(
        Stock(symbol=ticker(n), sector=f"Setor {n}", kind="ON") for n in numbers
    )
    Idea.objects.bulk_create(
        idea_of(author, stock=stock, club=club) for stock in stocks for author, club in places
    )


def queries_of(client, path):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_lists_cost_the_same_few_queries_for_any_number_of_rows(client, alice, bob):
    club = make_club(alice, bob, slug="grupo")
    client.force_login(alice)
    add_rows(range(3), alice, bob, club)
    few = {path: queries_of(client, path) for path in LISTS}
    add_rows(range(3, 30), alice, bob, club)
    many = {path: queries_of(client, path) for path in LISTS}

    assert few == many
    assert {path: count for path, count in many.items() if count > MAX_QUERIES} == {}
