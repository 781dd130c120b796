"""A user of each kind and an object of each kind, for the tests of the policy tables."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.selectors import UNLOCK_SALT
from mainapp.accounts.services.avatars import AVATARS
from mainapp.accounts.tests.soft_key import SoftKey
from mainapp.agenda.models import Event
from mainapp.agenda.services.events import create_event
from mainapp.agenda.services.links import renew_link
from mainapp.agenda.services.seats import enrol
from mainapp.agenda.sessions import wall_of
from mainapp.alerts.services.announcing import UNSUBSCRIBE_SALT
from mainapp.alerts.tests.factories import make_alert, share
from mainapp.clubs.models import Club, ClubMember, Invitation
from mainapp.clubs.services.invitations import invite
from mainapp.clubs.services.pictures import CLUB_PICTURES
from mainapp.clubs.tests.factories import make_club
from mainapp.core.pictures.folders import new_key
from mainapp.core.policies import Who
from mainapp.forum.models import Message, Participant, Room
from mainapp.ideas.models import IdeaComment, SavedFilter
from mainapp.ideas.tests.factories import make_idea
from mainapp.market.tests.factories import StockFactory, WatchlistFactory
from mainapp.moderation.models import Case, Complaint
from mainapp.notifications.models import Delivery
from mainapp.notifications.services.broadcasts import create_campaign
from mainapp.notifications.services.channels import link_key
from mainapp.notifications.services.composing import news_token
from mainapp.notifications.tests.factories import channel, delivery, notice
from mainapp.operations.services.reports.files import folder
from mainapp.operations.tests.factories import ReportFactory
from mainapp.portfolio.models import Carteira
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures.folders import FOLDERS

# Every kind of person, and their role in the policy tables.
PEOPLE = {
    "anonymous": Who.ANONYMOUS,
    "deactivated": Who.ANONYMOUS,
    "expired": Who.ANONYMOUS,
    "owner": Who.OWNER,
    "host": Who.HOST,
    "muted": Who.MUTED,
    "other": Who.OTHER,
    "support": Who.SUPPORT,
    "admin": Who.ADMIN,
}
LEVELS = {"support": User.Access.SUPPORT, "admin": User.Access.ADMIN}


@dataclass
class World:
    users: dict[str, User]
    cookies: dict[str, str]
    room: Room
    message: Message
    handlers: dict[bool, Any] = field(default_factory=dict)

    def browser(self, person: str, *, enforce_csrf_checks: bool = False) -> Client:
        """Return a new client with that person's session; all clients share a loaded handler."""
        client = Client(enforce_csrf_checks=enforce_csrf_checks)
        client.handler = self.handlers.setdefault(enforce_csrf_checks, client.handler)
        if person in self.cookies:
            client.cookies["sessionid"] = self.cookies[person]
        return client


def make_world() -> World:
    StockFactory(symbol="IBOV", kind="INDEX")
    users = {name: _make_user(name) for name in PEOPLE if name != "anonymous"}
    cookies = {name: _log_in(user) for name, user in users.items()}
    User.objects.filter(username="deactivated").update(is_active=False)
    Session.objects.filter(session_key=cookies["expired"]).update(expire_date=timezone.now())
    room = Room.objects.create(
        name="Sala", host=users["host"], last_seq=1, created_at=_now(), active_at=_now()
    )
    for name in ("owner", "host", "muted"):
        Participant.objects.create(
            room=room, user=users[name], is_muted=name == "muted", joined_at=_now()
        )
    message = Message.objects.create(
        room=room, author=users["owner"], seq=1, body="oi", body_html="<p>oi</p>", sent_at=_now()
    )
    return World(users, cookies, room, message)


def _make_user(name: str) -> User:
    level = LEVELS.get(name, User.Access.USER)
    email = f"{name}@example.org"
    user = User.objects.create_user(name, email, "correct horse", access_level=level)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user


def _log_in(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def _conversation(world: World) -> dict[str, Any]:
    """Return a group of the host and the owner."""
    room = Room.objects.create(
        kind="group", name="Grupo", host=world.users["host"], created_at=_now(), active_at=_now()
    )
    for user in {world.users["host"], world.users["owner"]}:
        Participant.objects.create(room=room, user=user, joined_at=_now())
    return {"pk": room.pk}


def _club(world: World) -> dict[str, Any]:
    """Return a club of the host, with the owner as a member."""
    host = world.users["host"]
    return {"slug": make_club(host, *{world.users["owner"]} - {host}).slug}


def _club_member(world: World) -> dict[str, Any]:
    """Return another member of the club."""
    slug, member = _club(world)["slug"], User.objects.create_user(f"m{new_key()}")
    club = Club.objects.get(slug=slug)
    ClubMember.objects.create(club=club, user=member, joined_at=_now())
    return {"slug": slug, "user_pk": member.pk}


def _club_picture(world: World) -> dict[str, Any]:
    key = new_key()
    slug = _club(world)["slug"]
    Club.objects.filter(slug=slug).update(picture_key=key)
    pictures = CLUB_PICTURES.folders.folder(key)
    pictures.mkdir(parents=True)
    (pictures / "48.webp").write_bytes(b"RIFF")
    return {"slug": slug, "key": key, "size": 48}


def _club_invitation(world: World) -> dict[str, Any]:
    slug = _club(world)["slug"]
    return {"slug": slug, "pk": _new_invitation(world, slug).pk}


def _invitation(world: World) -> dict[str, Any]:
    return {"key": _new_invitation(world, _club(world)["slug"]).key}


def _new_invitation(world: World, slug: str) -> Invitation:
    club = Club.objects.get(slug=slug)
    return invite(club_pk=club.pk, actor=world.users["host"], at=timezone.now())


def _deleted_club(world: World) -> dict[str, Any]:
    return {"pk": make_club(world.users["host"], archived_at=_now()).pk}


def _shared_alert(world: World) -> dict[str, Any]:
    """Return an alert that the host shares with the owner's club."""
    club = Club.objects.get(slug=_club(world)["slug"])
    alert = make_alert(world.users["host"], compra="30.00")
    return {"slug": club.slug, "pk": share(club, alert).pk}


def _now() -> Any:
    return timezone.now() - timedelta(minutes=5)


# Objects ---------------------------------------------------------------------------------------


def _watchlist(world: World) -> dict[str, Any]:
    return {"pk": WatchlistFactory(owner=world.users["owner"]).pk}


def _shared_list(world: World) -> dict[str, Any]:
    return {"share_key": WatchlistFactory(owner=world.users["owner"]).share_key}


def _holding(world: World) -> dict[str, Any]:
    row = Carteira.objects.create(
        owner=world.users["owner"],
        ativo=StockFactory(symbol="PETR4"),
        preco_medio=Decimal("30.00"),
        quantidade=Decimal(100),
        nota=5,
    )
    return {"pk": row.pk}


def _case(world: World) -> dict[str, Any]:
    lines = [{"text": "oi", "author": world.users["owner"].pk, "is_reported": True}]
    case = Case.objects.create(
        kind="message",
        subject_id=world.message.pk,
        person=world.users["owner"],
        scope=f"room:{world.room.pk}",
        place=world.room.name,
        copies=[{"at": _now().isoformat(), "lines": lines}],
        opened_at=_now(),
    )
    Complaint.objects.create(case=case, reporter=world.users["other"], reported_at=_now())
    return {"pk": case.pk}


def _alert(world: World) -> dict[str, Any]:
    return {"pk": make_alert(world.users["owner"], compra="30.00").pk}


def _alert_link(world: World) -> dict[str, Any]:
    alert = make_alert(world.users["owner"], compra="30.00")
    return {"token": signing.dumps(alert.pk, salt=UNSUBSCRIBE_SALT)}


def _notification(world: World) -> dict[str, Any]:
    return {"pk": notice(world.users["owner"]).pk}


def _channel(world: World) -> dict[str, Any]:
    return {"pk": _new_channel(world).pk}


def _device(world: World) -> dict[str, Any]:
    endpoint = f"https://push.example/{new_key()}"
    return {"pk": channel(world.users["owner"], "push", address=endpoint).pk}


def _channel_link(world: World) -> dict[str, Any]:
    return {"key": link_key(_new_channel(world))}


def _campaign(world: World) -> dict[str, Any]:
    # In the world of the browser tests, the other person belongs to the staff.
    author = world.users.get("support") or world.users["other"]
    author.refresh_from_db()
    draft = create_campaign(
        author=author, title="Oi", body="todos", is_email=True, at=timezone.now()
    )
    return {"pk": draft.pk}


def _failed_mail(world: World) -> dict[str, Any]:
    row = delivery(user=world.users["owner"])
    Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.FAILED)
    return {"pk": row.pk}


def _new_channel(world: World) -> Any:
    return channel(world.users["owner"], address=f"{new_key()}@example.org")


def _api_key(world: World) -> dict[str, Any]:
    keys: Any = world.users["owner"].api_keys  # of a feature that this one may not import
    at = timezone.now()
    return {"pk": keys.create(digest=new_key(), scopes=[], created_at=at, expires_at=at).pk}


def _key(world: World) -> dict[str, Any]:
    address = EmailAddress.objects.create(user=world.users["owner"], email="new@example.org")
    return {"key": EmailConfirmationHMAC(address).key}


def _passkey(world: World) -> dict[str, Any]:
    options = {"publicKey": {"user": {"id": "MQ"}, "challenge": "MQ"}}
    credential = json.loads(SoftKey("http://localhost", "localhost").create(options))
    data = {"name": "Celular", "credential": credential}
    row = Authenticator.objects.create(user=world.users["owner"], type="webauthn", data=data)
    return {"pk": row.pk}


def _session(world: World) -> dict[str, Any]:
    row = UserSession.objects.create(
        user=world.users["owner"], ip="203.0.113.0", session_key=new_key(), user_agent="Firefox/1"
    )
    return {"pk": row.pk}


def _unlock_link(world: World) -> dict[str, Any]:
    owner = world.users["owner"]
    return {"token": signing.dumps([owner.pk, owner.email], salt=UNLOCK_SALT)}


def _avatar(world: World) -> dict[str, Any]:
    key = new_key()
    pictures = AVATARS.folders.folder(key)
    pictures.mkdir(parents=True)
    (pictures / "48.webp").write_bytes(b"RIFF")
    return {"key": key, "size": 48}


def _upload(world: World) -> dict[str, Any]:
    """Return a picture of a message in the forum, which everybody may see."""
    key = new_key()
    pictures = FOLDERS.folder(key)
    pictures.mkdir(parents=True)
    for name in ("full", "150"):
        (pictures / f"{name}.webp").write_bytes(b"RIFF")
    upload = Upload.objects.create(
        owner=world.users["owner"],
        audience=f"message:{world.message.pk}",
        kind="image",
        state="ready",
        key=key,
        name="a.png",
        size=4,
        content_type="image/webp",
        created_at=_now(),
    )
    return {"pk": upload.pk}


def _event(world: World, *, place: str = "Av. Paulista") -> Event:
    """Return a public event of the host."""
    at = timezone.now()
    fields = {
        "title": "Curso",
        "time_zone": "America/Sao_Paulo",
        "wall_start": wall_of(at + timedelta(days=3), "America/Sao_Paulo"),
        "place": place,
        "price": Decimal(10),
    }
    return create_event(host=world.users["host"], fields=fields, at=at, is_counted=False)


def _report(world: World) -> dict[str, Any]:
    """Return a finished report, with its file."""
    report = ReportFactory(owner=world.users["owner"], state="done", progress=100)
    report.file = f"{report.key}-1.rows"
    report.save()
    folder().joinpath(report.file).write_bytes(b"a")
    return {"pk": report.pk}


def _order(world: World) -> dict[str, Any]:
    event = _event(world)
    order = enrol(event_pk=event.pk, user=world.users["other"], at=timezone.now())
    return {"pk": order.pk}


def _calendar_link(world: World) -> dict[str, Any]:
    return {"key": renew_link(user=world.users["owner"], at=timezone.now()).key}


def _logo(_world: World) -> dict[str, Any]:
    Path(settings.LOGOS_DIR).mkdir(exist_ok=True)
    (Path(settings.LOGOS_DIR) / "XLOG3.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return {"symbol": "XLOG3"}


def _new_idea(world: World) -> Any:
    stock = StockFactory()  # an author has one live idea a stock
    return make_idea(world.users["owner"], symbol=stock.symbol, at=_now())


def _idea(world: World) -> dict[str, Any]:
    return {"pk": _new_idea(world).pk}


def _idea_comment(world: World) -> dict[str, Any]:
    row = IdeaComment.objects.create(
        idea=_new_idea(world),
        author=world.users["owner"],
        body="oi",
        body_html="<p>oi</p>",
        created_at=_now(),
    )
    return {"pk": row.pk}


def _idea_filter(world: World) -> dict[str, Any]:
    row = SavedFilter.objects.create(owner=world.users["owner"], name=new_key(), query="q=a")
    return {"pk": row.pk}


def _club_ideas(world: World) -> dict[str, Any]:
    return {"slug": make_club(world.users["owner"]).slug}


# By a page's `of`: a function that creates an object of the owner or the host and returns its URL's
# arguments, and the arguments of a missing object (None where an object is never missing).
OBJECTS: dict[str, tuple[Callable[[World], dict[str, Any]], dict[str, Any] | None]] = {
    "user": (lambda world: {"pk": world.users["owner"].pk}, {"pk": 999_999}),
    "market": (lambda world: {"market": "IBOV"}, {"market": "NADA"}),
    "paper": (lambda world: {"symbol": "IBOV"}, {"symbol": "XXXX3"}),
    "watchlist": (_watchlist, {"pk": 999_999}),
    "shared list": (_shared_list, {"share_key": "nothing"}),
    "room": (lambda world: {"pk": world.room.pk}, {"pk": 999_999}),
    "conversation": (_conversation, {"pk": 999_999}),
    "club": (_club, {"slug": "nothing"}),
    "club member": (_club_member, {"slug": "nothing", "user_pk": 999_999}),
    "club invitation": (_club_invitation, {"slug": "nothing", "pk": 999_999}),
    "club picture": (_club_picture, {"slug": "nothing", "key": "x" * 22, "size": 48}),
    "invitation": (_invitation, {"key": "nothing"}),
    "deleted club": (_deleted_club, {"pk": 999_999}),
    "message": (lambda world: {"pk": world.message.pk}, {"pk": 999_999}),
    "holding": (_holding, {"pk": 999_999}),
    "case": (_case, {"pk": 999_999}),
    "alert": (_alert, {"pk": 999_999}),
    "shared alert": (_shared_alert, {"slug": "nothing", "pk": 999_999}),
    "alert link": (_alert_link, {"token": "nothing"}),
    "notification": (_notification, {"pk": 999_999}),
    "channel": (_channel, {"pk": 999_999}),
    "device": (_device, {"pk": 999_999}),
    "campaign": (_campaign, {"pk": 999_999}),
    "campaign preview": (
        lambda world: _campaign(world) | {"language": "en"},
        {"pk": 999_999, "language": "en"},
    ),
    "failed mail": (_failed_mail, {"pk": 999_999}),
    "news link": (
        lambda world: {"token": news_token(world.users["owner"].pk)},
        {"token": "nothing"},
    ),
    "channel link": (_channel_link, {"key": "nothing"}),
    "idea": (_idea, {"pk": 999_999}),
    "idea comment": (_idea_comment, {"pk": 999_999}),
    "idea filter": (_idea_filter, {"pk": 999_999}),
    "club idea list": (_club_ideas, {"slug": "nothing"}),
    "logo": (_logo, {"symbol": "XXXX3"}),
    "upload": (_upload, {"pk": 999_999}),
    "upload thumbnail": (
        lambda world: _upload(world) | {"size": 150},
        {"pk": 999_999, "size": 150},
    ),
    "avatar": (_avatar, {"key": "x" * 22, "size": 48}),
    "event": (lambda world: {"pk": _event(world).pk}, {"pk": 999_999}),
    "report": (_report, {"pk": 999_999}),
    "order": (_order, {"pk": 999_999}),
    "calendar link": (_calendar_link, {"key": "nothing"}),
    "API key": (_api_key, {"pk": 999_999}),
    "key": (_key, None),
    "passkey": (_passkey, {"pk": 999_999}),
    "session": (_session, {"pk": 999_999}),
    "unlock link": (_unlock_link, None),
    "reset key": (lambda world: {"uidb36": "1", "key": "nothing"}, None),
    "tracker": (lambda world: {"room_name": "track"}, None),
}

# Data of the POST requests that would be refused to everyone if they were empty.
SENT: dict[str, Callable[[World], dict[str, Any]]] = {
    "room": lambda world: {"body": "bom dia"},
    "conversa": lambda world: {"body": "bom dia"},
    "remove-from-conversation": lambda world: {"user": world.users["owner"].pk},
    "comment-idea": lambda world: {"body": "bom dia"},
    "react-message": lambda world: {"emoji": "👍", "on": "1"},
    "mute-participant": lambda world: {"user": world.users["other"].pk, "muted": "on"},
}

# The fields that make a frame valid.
FRAMES: dict[str, dict[str, Any]] = {
    "send": {"client_id": "6f1c0f0e-5d0c-4c7e-9f6e-3a1d0a6f0001", "body": "bom dia"},
    "edit": {"seq": 1, "body": "boa tarde"},
    "delete": {"seq": 1},
    "react": {"seq": 1, "emoji": "👍", "on": True},
    "read": {"seq": 1},
    "mute": {"until": None},
    "message": {"message": "bom dia"},
    "subscribe": {"symbols": []},
    "unsubscribe": {"symbols": []},
    "resume": {"after": 0},
    "mark_read": {"ids": "all"},
}
