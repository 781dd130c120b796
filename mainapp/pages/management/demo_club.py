"""Demonstration clubs: rooms, a list, an alert and an agenda."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.services.events import create_event
from mainapp.agenda.services.seats import enrol
from mainapp.alerts.models import Alert, AlertSubscription, SharedAlert
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.services.clubs import create_club
from mainapp.clubs.services.invitations import invite, join_club
from mainapp.clubs.services.members import change_role, share_portfolio
from mainapp.clubs.services.pictures import CLUB_PICTURES, set_club_picture
from mainapp.core.audience import key_of
from mainapp.core.models import Usage
from mainapp.core.pictures.kinds import make_thumbnails
from mainapp.forum.services.club_rooms import create_club_room
from mainapp.forum.services.messages import post_message
from mainapp.market.kinds import QUOTE_KINDS
from mainapp.market.models import Stock
from mainapp.market.services.watchlists import create_shared_list
from mainapp.market.sessions import SAO_PAULO
from mainapp.pages.management.demo_ideas import write_ideas
from mainapp.pages.management.demo_talk import WEEKS, draw_tree, spread
from mainapp.portfolio.services import NewRow, import_rows

# The carteiras of the members without one: (symbol, average price, quantity, nota).
CARTEIRAS = {
    "beto": (
        ("PETR4", "34.10", "200", 5),
        ("PRIO3", "44.80", "120", 8),
        ("VALE3", "60.15", "90", 6),
    ),
    "davi": (
        ("ITUB4", "29.40", "310", 9),
        ("BBAS3", "27.05", "180", 6),
        ("WEGE3", "36.90", "60", 5),
    ),
    "eva": (
        ("WEGE3", "41.20", "150", 9),
        ("VALE3", "66.30", "70", 4),
        ("ITUB4", "31.75", "100", 7),
    ),
}
SHARED_SYMBOLS = ("PETR4", "PRIO3", "VALE3", "ITUB4", "BBAS3", "WEGE3")
ROOMS: tuple[dict[str, Any], ...] = (
    {
        "name": "Decisões do mês",
        "topic": "Aportes",
        "talk": (
            ("ana", "Abro a rodada: onde vai o aporte de dezembro?"),
            ("davi", "Bancos. $ITUB4 segue o mais barato para o que entrega."),
            ("eva", "Eu iria de $WEGE3, mas só se cair mais um pouco."),
            ("beto", "Publiquei uma ideia em $PRIO3 com alvo e stop. Vejam e critiquem."),
            ("ana", "Li. O stop está perto demais, na minha opinião."),
            ("davi", "Votamos no encontro de quinta?"),
            ("ana", "Sim. Está na agenda do clube."),
        ),
    },
    {
        "name": "Balanços",
        "topic": "Resultados",
        "talk": (
            ("eva", "Saiu o da $WEGE3: receita em linha, margem um pouco menor."),
            ("beto", "E o mercado não gostou."),
            ("eva", "Por isso deixei um alerta. Está na lista de alertas do clube."),
        ),
    },
)


# (days from now, hour, minutes, fields); `club` events belong to the club.
EVENTS: tuple[tuple[int, int, int, dict[str, Any]], ...] = (
    (
        *(3, 19, 90),
        {
            "club": True,
            "kind": "meeting",
            "title": "Encontro do mês: onde vai o aporte",
            "description": "Cada um traz uma ideia. Votamos no fim.",
            "place": "Rua dos Ipês, 120, São Paulo",
            "tags": ("aporte",),
            "people": ("beto", "davi", "eva"),
        },
    ),
    (
        *(10, 20, 60),
        {
            "club": True,
            "kind": "assembly",
            "title": "Assembleia: regras para novos membros",
            "link": "https://example.org/assembleia",
            "place": "Pela internet",
            "tags": ("regras",),
            "people": ("beto",),
        },
    ),
    (
        *(6, 9, 180),
        {
            "kind": "course",
            "title": "Como ler um balanço em três horas",
            "description": "Receita, margem, dívida e caixa, com um balanço de verdade.",
            "place": "Auditório da Praça da Sé, São Paulo",
            "price": "80.00",
            "seats": 2,
            "tags": ("iniciantes", "balanço"),
            "people": ("davi", "eva", "beto"),
        },
    ),
    (
        *(8, 18, 60),
        {
            "kind": "meeting",
            "title": "Conversa aberta: proventos e imposto",
            "description": "Perguntas e respostas. Não é recomendação de investimento.",
            "place": "Pela internet",
            "link": "https://example.org/conversa",
            "seats": 40,
            "tags": ("iniciantes",),
            "people": ("ana", "davi"),
        },
    ),
    (
        *(15, 10, 60),
        {
            "kind": "results",
            "title": "PETR4: resultados do trimestre",
            "description": "Teleconferência sobre os resultados de $PETR4.",
            "tags": ("petróleo", "balanço"),
            "people": (),
        },
    ),
)


def found_demo_club(users: Mapping[str, User], *, with_pictures: bool) -> None:
    """Create a club with members, rooms, a list, a shared alert, ideas and an agenda."""
    now = timezone.now()
    club = _found(users, now)
    if with_pictures:
        _hang_picture(club, users["ana"], now)
    for room in ROOMS:
        _open_room(club, users, room)
    create_shared_list(
        audience=key_of("club", club.pk), name="Radar do clube", symbols=SHARED_SYMBOLS
    )
    _share_alerts(club, users, now)
    write_ideas(club, users, now)
    _fill_agenda(club, users, now)
    Usage.objects.filter(
        user__in=users.values()
    ).delete()  # the limits are those of people who type


def _hang_picture(club: Club, owner: User, now: datetime) -> None:
    set_club_picture(club_pk=club.pk, actor=owner, name="ipe.png", data=draw_tree(), at=now)
    make_thumbnails(CLUB_PICTURES.name, club.pk)


def _found(users: Mapping[str, User], now: datetime) -> Club:
    club = create_club(
        founder=users["ana"],
        name="Clube Ipê",
        description="Cinco amigos que investem juntos desde 2021. Encontro toda última quinta.",
        at=now,
    )
    others = [user for name, user in users.items() if name != "ana"]
    link = invite(club_pk=club.pk, actor=users["ana"], at=now, max_uses=len(others))
    for user in others:
        join_club(key=link.key, user=user, at=now)
    change_role(
        club_pk=club.pk, actor=users["ana"], user_pk=users["beto"].pk, role="manager", at=now
    )
    stocks = Stock.objects.in_bulk(SHARED_SYMBOLS, field_name="symbol")
    for name, rows in CARTEIRAS.items():
        import_rows(owner=users[name], rows=[_row(stocks, *row) for row in rows])
    for name in ("ana", *CARTEIRAS):
        share_portfolio(club_pk=club.pk, user=users[name], is_on=True)
    begun_at = now - timedelta(weeks=WEEKS)
    Club.objects.filter(pk=club.pk).update(created_at=begun_at)
    ClubMember.objects.filter(club=club).update(joined_at=begun_at)
    return club


def _row(stocks: Mapping[str, Stock], symbol: str, price: str, quantity: str, nota: int) -> NewRow:
    return NewRow(
        stock=stocks[symbol], preco_medio=Decimal(price), quantidade=Decimal(quantity), nota=nota
    )


def _open_room(club: Club, users: Mapping[str, User], room: Mapping[str, Any]) -> None:
    created = create_club_room(
        club_pk=club.pk, actor=users["ana"], name=room["name"], topic=room["topic"]
    )
    for author, body in room["talk"]:
        post_message(room_pk=created.pk, author=users[author], body=body)
    spread(created, timezone.now())


def _share_alerts(club: Club, users: Mapping[str, User], now: datetime) -> None:
    """Share an alert of each kind: `make run` chooses later, and shows only its own."""
    for kind in QUOTE_KINDS:
        alert = Alert.objects.filter(owner=users["ana"], quote_kind=kind).earliest("pk")
        shared = SharedAlert.objects.create(club=club, alert=alert, shared_at=now)
        AlertSubscription.objects.create(shared=shared, user=users["beto"], created_at=now)


# Agenda ------------------------------------------------------------------------------------------


def _fill_agenda(club: Club, users: Mapping[str, User], now: datetime) -> None:
    for days, hour, minutes, outline in EVENTS:
        fields = dict(outline)
        people, is_of_club = fields.pop("people"), fields.pop("club", False)
        start = (now.astimezone(SAO_PAULO) + timedelta(days=days)).replace(hour=hour, minute=0)
        fields["wall_start"] = f"{start:%Y-%m-%dT%H:%M}"
        fields["wall_end"] = f"{start + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"
        fields["price"] = Decimal(fields.get("price", 0))
        event = create_event(
            host=users["ana" if is_of_club else "clara"],
            club=club if is_of_club else None,
            fields=fields,
            at=now,
        )
        for name in people:
            enrol(event_pk=event.pk, user=users[name], wait=True, at=now)
    # Nobody is written to about the events of the demonstration.
    Event.objects.filter(announced_at=None).update(announced_at=now)
