"""A club full of canaries, and the requests by which outsiders look for them.

The first row of each table that belongs to the club has the id PK, so that one request to each URL
would find the rows of every model. MISSING is an id, and NOWHERE a slug, that no row has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.agenda.models import Reminder
from mainapp.agenda.services.events import create_event, update_event
from mainapp.agenda.services.seats import enrol
from mainapp.alerts.services.sharing import set_subscription, share_alert
from mainapp.alerts.tests.factories import make_alert
from mainapp.clubs.models import Club, ClubMember, Invitation, RemovedMember
from mainapp.clubs.tests.factories import make_club
from mainapp.core.audience import key_of
from mainapp.forum.models import Room
from mainapp.forum.services.club_rooms import create_club_room
from mainapp.ideas.models import Idea
from mainapp.ideas.services.comments import comment
from mainapp.ideas.services.publishing import edit_idea, publish_idea
from mainapp.market.models import Stock
from mainapp.market.services.watchlists import create_shared_list
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Broadcast
from mainapp.uploads.models import Upload
from tests.canary import BAIT, CANARY, LEVELS, talk

PK, MISSING = 777_777, 654_321
SLUG, NOWHERE = "clube-secreto", "clube-nenhures"
OUTSIDERS = ("anonymous", "stranger", "rival", "former", "blocked", "support", "admin")
EVENT = {
    "title": BAIT,
    "description": BAIT,
    "place": BAIT,
    "wall_start": "2099-03-10T19:00",
    "tags": [BAIT],
    "seats": 10,
}
# Requests in whose answers a member finds canaries, to check the test run itself.
CANARY_TEXTS = [
    *(f"get /clube/{SLUG}/", "get /clubes/", "get /api/v1/clubs/", f"get /conversa/{PK}/"),
    *(f"get /ideia/{PK}/", f"get /api/v1/ideas/{PK}/", f"get /evento/{PK}/", "get /agenda/"),
    *(f"get /api/v1/events/{PK}/", "get /ideias/", "post /export-data/", "get /buscar/"),
    *("get /forum/", f"get /api/v1/clubs/{SLUG}/list/"),
]


@dataclass
class World:
    users: dict[str, User]
    club: Club

    def user(self, person: str) -> Any:
        return self.users.get(person, AnonymousUser())


def make_club_world() -> World:
    """Create public data, another club, and the club, with a row of each kind in it."""
    start_ids_at(1)  # SQLite would continue above the highest id
    for symbol in ("PETR4", "IBOV"):
        StockFactory(symbol=symbol)
    users = {name: _user(name) for name in ("ana", "beto", "clara", *OUTSIDERS[1:])}
    block_user(blocker=users["ana"], blocked=users["blocked"], at=timezone.now())
    make_club(users["rival"], users["stranger"], name="Outro clube", slug="outro")
    start_ids_at(PK)
    members = [users[name] for name in ("beto", "clara", "former")]
    club = make_club(users["ana"], *members, name=BAIT, slug=SLUG, description=BAIT)
    assert club.pk == PK
    world = World(users, club)
    fill(world)
    return world


def fill(world: World) -> None:
    """Create a row of each kind in the club."""
    club, ana, beto = world.club, world.users["ana"], world.users["beto"]
    now = timezone.now()
    Invitation.objects.create(
        club=club, key=CANARY, created_by=ana, created_at=now, expires_at=now + timedelta(days=1)
    )
    ClubMember.objects.filter(club=club, user=world.users["former"]).delete()
    RemovedMember.objects.create(club=club, user=world.users["former"], removed_at=now)
    room = create_club_room(club_pk=club.pk, actor=ana, name=BAIT, topic=BAIT, description=BAIT)
    talk(room, ana, beto)
    create_shared_list(audience=key_of("club", club.pk), name=BAIT, symbols=["PETR4"])
    alert = make_alert(ana, venda="40.00", note=BAIT)
    shared = share_alert(club_pk=club.pk, actor=ana, alert_pk=alert.pk, at=now)
    set_subscription(club_pk=club.pk, shared_pk=shared.pk, user=beto, is_on=True, at=now)
    event = create_event(host=ana, club=club, fields=EVENT, at=now)
    enrol(event_pk=event.pk, user=beto, at=now)
    idea = publish_idea(
        author=ana,
        stock=Stock.objects.get(symbol="PETR4"),
        side="neutral",
        thesis=BAIT,
        tags=[BAIT],
        horizon=now.date() + timedelta(days=30),
        club=club,
        at=now,
    )
    edit_idea(pk=idea.pk, author=ana, at=now, thesis=f"{BAIT} 2")
    Idea.objects.filter(pk=idea.pk).update(status="open", price_at=36, priced_at=now)
    comment(idea_pk=idea.pk, author=beto, body=BAIT, at=now)
    Reminder.objects.create(
        event=event, user=beto, lead_minutes=60, starts_at=event.starts_at, written_at=now
    )


def change_everything(world: World) -> None:
    """Make a change of each kind in the club, as its members."""
    ana, beto = world.users["ana"], world.users["beto"]
    talk(Room.objects.get(pk=PK), ana, beto)
    comment(idea_pk=PK, author=beto, body=f"{BAIT} 2", at=timezone.now())
    update_event(event_pk=PK, actor=ana, fields={"place": f"{BAIT} 2"}, at=timezone.now())


def scoped_models() -> list[type[models.Model]]:
    """Return the models with rows that may belong to a club, which are read by `visible_to`."""
    return [
        model
        for model in private_models()
        if _belongs_to_club(model) or hasattr(model._default_manager, "visible_to")
    ]


def private_models() -> list[type[models.Model]]:
    """Return the models with rows of a club, and the models that refer to one of them."""
    found: set[type[models.Model]] = {Club, *filter(_belongs_to_club, apps.get_models())}
    while True:
        more = {model for model in apps.get_models() if _refers_to(model, found)} - found
        if not more:
            return sorted(found, key=lambda model: model._meta.label)
        found |= more


def _belongs_to_club(model: type[models.Model]) -> bool:
    # Members and invitations are read through the club itself. Uploads of others are never listed,
    # and each request for one is checked. Campaigns are the staff's, also those to a club.
    names = {field.name for field in model._meta.concrete_fields}
    has_club = _refers_to(model, {Club}) and model._meta.app_label != "clubs"
    return has_club or ("audience" in names and model not in (Upload, Broadcast))


def _refers_to(model: type[models.Model], targets: set[type[models.Model]]) -> bool:
    # A link to a user, a stock or a notification does not make a row private.
    return any(
        field.related_model in targets
        for field in model._meta.concrete_fields
        if field.related_model
    )


def leaking_models(world: World, models: Iterable[Any]) -> list[str]:
    """Return the models whose `visible_to` is missing, or shows an outsider a row of the club."""
    leaks = []
    for model in models:
        if not hasattr(model.objects, "visible_to"):
            leaks.append(f"{model.__name__} has no visible_to")
            continue
        for person in OUTSIDERS:
            if model.objects.visible_to(world.user(person)).filter(pk=PK).exists():
                leaks.append(f"{model.__name__}: {person} sees a row")
    return leaks


def start_ids_at(pk: int) -> None:
    """Give the next row of every table the id `pk`."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not isinstance(model._meta.pk, models.AutoField):
                continue
            table = model._meta.db_table
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, pk - 1])


def _user(name: str) -> User:
    level = LEVELS.get(name, User.Access.USER)
    return User.objects.create_user(
        name, f"{name}@example.org", "correct horse", access_level=level
    )
