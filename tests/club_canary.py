"""A club full of canaries, and the requests by which outsiders look for them.

All rows of the club have the id PK, as far as they are the first of their table after it was
founded: one request for each URL then finds the rows of every model. MISSING is an id that never
was, and NOWHERE a slug.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from conftest import flush_redis
from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.agenda.models import Reminder
from mainapp.agenda.services.events import create_event, update_event
from mainapp.agenda.services.seats import enrol
from mainapp.api.schema.generator import CachedGenerator
from mainapp.clubs.models import Club, ClubMember, ClubScoped, Invitation, RemovedMember
from mainapp.clubs.tests.factories import make_club
from mainapp.core.policies import operation_policies, page_policies
from mainapp.forum.models import Room
from mainapp.forum.services.club_rooms import create_club_room
from mainapp.ideas.models import Idea
from mainapp.ideas.services.comments import comment
from mainapp.ideas.services.publishing import edit_idea, publish_idea
from mainapp.market.models import Stock
from mainapp.market.tests.factories import StockFactory
from mainapp.pages.management.policies import routes
from mainapp.uploads.models import Upload
from tests.canary import (
    ARGUMENT,
    BAIT,
    CANARY,
    LEVELS,
    VALUES,
    VARIABLE,
    WORD,
    rolled_back,
    talk,
    text_of,
)

PK, MISSING = 777_777, 654_321
SLUG, NOWHERE = "clube-secreto", "clube-nenhures"
OUTSIDERS = ("anonymous", "stranger", "rival", "former", "blocked", "support", "admin")
UNSAFE = ("post", "put", "patch", "delete")
TOO_MANY = 429
# Answers that differ each time.
UNCOMPARABLE = ("/metrics", "/api/v1/ws-ticket/")
COOKIE = re.compile(rb"(?:csrftoken|sessionid)=[^;]+")
# A word of the same length that no text has: searching for WORD must find as little.
NO_WORD = "quetzax"
QUERY_NAMES = ("q", "busca", "query", "search", "title", "tags", "author")
# The fields of forms that name a thing of a club, by its id.
FORM_FIELDS = [
    *("club", "room", "idea", "event", "list", "watchlist", "alert", "order", "upload"),
    *("item", "product_id", "object", "subject_id", "pk", "id"),
]


EVENT = {
    "title": BAIT,
    "description": BAIT,
    "place": BAIT,
    "wall_start": "2099-03-10T19:00",
    "tags": [BAIT],
    "seats": 10,
}
# Places in which a member finds canaries: the check of the run itself.
CANARY_TEXTS = [
    *(f"get /clube/{SLUG}/", "get /clubes/", "get /api/v1/clubs/", f"get /conversa/{PK}/"),
    *(f"get /ideia/{PK}/", f"get /api/v1/ideas/{PK}/", f"get /evento/{PK}/", "get /agenda/"),
    *(f"get /api/v1/events/{PK}/", "get /ideias/", "post /export-data/", "get /search/"),
]


@dataclass
class World:
    users: dict[str, User]
    club: Club

    def user(self, person: str) -> Any:
        return self.users.get(person, AnonymousUser())


def make_club_world() -> World:
    """Found a public world, another club, and the club, with something of each kind in it."""
    for symbol in ("PETR4", "IBOV"):
        StockFactory(symbol=symbol)
    users = {name: _user(name) for name in ("ana", "beto", "clara", *OUTSIDERS[1:])}
    block_user(blocker=users["ana"], blocked=users["blocked"], at=timezone.now())
    make_club(users["rival"], users["stranger"], name="Outro clube", slug="outro")
    start_ids_at(PK)
    members = [users[name] for name in ("beto", "clara", "former")]
    club = make_club(users["ana"], *members, name=BAIT, slug=SLUG, description=BAIT)
    world = World(users, club)
    fill(world)
    return world


def fill(world: World) -> None:
    """Make something of each kind in the club."""
    club, ana, beto = world.club, world.users["ana"], world.users["beto"]
    now = timezone.now()
    Invitation.objects.create(
        club=club, key=CANARY, created_by=ana, created_at=now, expires_at=now + timedelta(days=1)
    )
    ClubMember.objects.filter(club=club, user=world.users["former"]).delete()
    RemovedMember.objects.create(club=club, user=world.users["former"], removed_at=now)
    room = create_club_room(club_pk=club.pk, actor=ana, name=BAIT, topic=BAIT, description=BAIT)
    talk(room, ana, beto)
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
    """Change something of each kind in the club, as its members do."""
    ana, beto = world.users["ana"], world.users["beto"]
    talk(Room.objects.get(pk=PK), ana, beto)
    comment(idea_pk=PK, author=beto, body=f"{BAIT} 2", at=timezone.now())
    update_event(event_pk=PK, actor=ana, fields={"place": f"{BAIT} 2"}, at=timezone.now())


def scoped_models() -> list[type[models.Model]]:
    """Return the models whose rows belong to a club or to nobody."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, ClubScoped) or _has_audience(model)
    ]


def private_models() -> list[type[models.Model]]:
    """Return the models of which a club has rows: scoped ones, and those that refer to one."""
    found: set[type[models.Model]] = {Club, *scoped_models()}
    while True:
        more = {model for model in apps.get_models() if _refers_to(model, found)} - found
        if not more:
            return sorted(found, key=lambda model: model._meta.label)
        found |= more


def _has_audience(model: type[models.Model]) -> bool:
    # Uploads have no lists of others: requests for them are checked one by one.
    names = {field.name for field in model._meta.concrete_fields}
    return "audience" in names and model is not Upload


def _refers_to(model: type[models.Model], targets: set[type[models.Model]]) -> bool:
    # A link to a user, a stock or a notification does not make a row private.
    return any(
        field.related_model in targets
        for field in model._meta.concrete_fields
        if field.related_model
    )


def start_ids_at(pk: int) -> None:
    """Let the next row of every table have the id `pk`."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not isinstance(model._meta.pk, models.AutoField):
                continue
            table = model._meta.db_table
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, pk - 1])


@dataclass
class Address:
    """A URL of the club, and the same URL of one that never was, with the methods that it takes."""

    path: str
    nowhere: str
    methods: Collection[str] = ("get",)


def addresses(other: User, *, admin: bool = False) -> Iterator[Address]:
    """Yield every URL, filled with the club's slug and ids."""
    for path, pattern in routes(get_resolver().url_patterns, own_only=not admin):
        route = path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")
        own, nowhere = _filled(route, SLUG, PK, other), _filled(route, NOWHERE, MISSING, other)
        yield Address(own, nowhere, _methods_of(pattern.name or ""))


def _methods_of(name: str) -> set[str]:
    """Return the methods of a URL by the policy tables; the others are refused unread."""
    if name in page_policies():
        return {method.lower() for method in page_policies()[name].methods} - {"head"}
    return set(operation_policies().get(name, ("get", *UNSAFE)))


def _filled(route: str, slug: str, pk: int, other: User) -> str:
    ids = dict.fromkeys(("pk", "object_id"), str(pk)) | {"slug": slug, "user_pk": str(other.pk)}
    values = VALUES | ids
    return "/" + ARGUMENT.sub(lambda m: values.get(m[1] or m[2], "nothing"), route)


def query(slug: str, word: str) -> str:
    return "&".join([*(f"{name}={word}" for name in QUERY_NAMES), f"club={slug}"])


def bodies(pk: int, slug: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return a JSON body of each operation by (method, path), generated from the API's schema.

    Its ids are `pk`, its clubs `slug`.
    """
    schema: Any = CachedGenerator().get_schema(request=None, public=True)
    found = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if shape := content.get("application/json", {}).get("schema"):
                found[method, path] = _example(shape, schema, pk, slug)
    return found


def _example(shape: Any, schema: Any, pk: int, slug: str, name: str = "") -> Any:
    while "$ref" in shape or "allOf" in shape or "oneOf" in shape or "anyOf" in shape:
        if "$ref" in shape:
            shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
        else:
            shape = next(shape[key] for key in ("allOf", "oneOf", "anyOf") if key in shape)[0]
    kind = shape.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if "enum" in shape:
        return shape["enum"][0]
    if kind == "object":
        properties = shape.get("properties", {}).items()
        return {
            key: _example(value, schema, pk, slug, key)
            for key, value in properties
            if not value.get("readOnly")
        }
    if kind == "array":
        return [_example(shape.get("items", {}), schema, pk, slug, name)]
    if name in ("club", "slug"):
        return slug
    return {"integer": pk, "number": 1, "boolean": True}.get(kind, _text(shape, name))


def _text(shape: Any, name: str) -> str:
    formats = {"date": "2027-01-04", "date-time": "2027-01-04T12:00:00Z", "decimal": "10.00"}
    if shape.get("format") in formats:
        return formats[shape["format"]]
    return "PETR4" if name in ("stock", "symbol", "ativo") else "texto"


def normal(response: Any, text: bytes) -> tuple[int, bytes]:
    """Return the part of a response that must be the same for the club and for a missing one."""
    for same in (SLUG, NOWHERE, WORD, NO_WORD, str(PK), str(MISSING)):
        text = text.replace(same.encode(), b"#")
    return response.status_code, VARIABLE.sub(b"#", COOKIE.sub(b"#", text))


class Outsider:
    """The requests of one person, and those whose answers show that the club exists."""

    def __init__(self, person: str, user: User | None) -> None:
        self.browser, self.requests = Client(raise_request_exception=False), 0
        if user is not None:
            self.browser.force_login(user)
        self.person = person
        self.leaks: list[str] = []
        self.differing: list[str] = []

    def ask(
        self, method: str, address: str, ids: tuple[int, str] = (PK, SLUG)
    ) -> tuple[int, bytes]:
        self.requests += 1
        cookies = self.browser.cookies.copy()
        with rolled_back():
            response = getattr(self.browser, method)(address, **_sent(method, address, *ids))
            text = text_of(response)
        self.browser.cookies = cookies
        lower = text.lower()
        if CANARY.encode() in lower or (SLUG not in address and SLUG.encode() in lower):
            self.leaks.append(f"{method} {address} ({response.status_code})")
        assert response.status_code != 500, (self.person, method, address)
        return normal(response, text)

    def compare(self, method: str, address: Address) -> None:
        if address.path.startswith(UNCOMPARABLE):
            self.ask(method, address.path)
            return
        answer, missing = self._both(method, address)
        if TOO_MANY in (answer[0], missing[0]):
            flush_redis()
            answer, missing = self._both(method, address)
        if answer != missing:
            self.differing.append(f"{method} {address.path}: {_difference(answer, missing)}")

    def _both(self, method: str, address: Address) -> list[tuple[int, bytes]]:
        ids = ((address.path, (PK, SLUG)), (address.nowhere, (MISSING, NOWHERE)))
        return [self.ask(method, path, values) for path, values in ids]

    def try_everything(self, other: User) -> None:
        """Request every URL by every method, and each list with the club in its filters."""
        is_admin = self.person == "admin"
        for address in addresses(other, admin=is_admin):
            if address.path.startswith("/admin/"):
                self.ask("get", address.path)  # the admin says which id is missing
                continue
            if address.path == address.nowhere:
                searched = query(SLUG, WORD), query(NOWHERE, NO_WORD)
                self.compare("get", Address(*(f"{address.path}?{each}" for each in searched)))
            for method in sorted(address.methods):
                self.compare(method, address)


def _difference(answer: tuple[int, bytes], missing: tuple[int, bytes]) -> str:
    if answer[0] != missing[0]:
        return f"{answer[0]} instead of {missing[0]}"
    pairs = enumerate(zip(answer[1], missing[1], strict=False))
    start = next((n for n, (one, other) in pairs if one != other), 0)
    parts = (text[max(0, start - 40) : start + 60] for text in (answer[1], missing[1]))
    return " instead of ".join(map(repr, parts))


def _sent(method: str, address: str, pk: int, slug: str) -> dict[str, Any]:
    """Return what to send to an address: a body of the schema for an operation, else a form."""
    if method == "get":
        return {}
    if not address.startswith("/api/"):
        data = dict.fromkeys(FORM_FIELDS, str(pk)) | {"slug": slug}
        if method == "post":
            return {"data": data}
        return {"data": urlencode(data), "content_type": "application/x-www-form-urlencoded"}
    return {"data": _body_of(method, address, pk, slug), "content_type": "application/json"}


@cache
def _patterns(pk: int, slug: str) -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    return [
        (method, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), body)
        for (method, path), body in bodies(pk, slug).items()
    ]


def _body_of(method: str, address: str, pk: int, slug: str) -> dict[str, Any]:
    path = address.partition("?")[0]
    return next(
        (
            body
            for name, pattern, body in _patterns(pk, slug)
            if name == method and pattern.fullmatch(path)
        ),
        {},
    )


def _user(name: str) -> User:
    level = LEVELS.get(name, User.Access.USER)
    return User.objects.create_user(
        name, f"{name}@example.org", "correct horse", access_level=level
    )
