"""A world whose private rooms are full of canaries, and the requests that look for them.

Every text, name, link, file name, caption and picture of the private rooms contains CANARY, next to
WORD, by which it can be searched: a page may repeat the word that was searched for.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from PIL import Image, PngImagePlugin

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.core.models import Usage
from mainapp.core.redis import client as redis_client
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.services.chats import add_people, leave_room, open_chat, rename_room
from mainapp.forum.services.marks import react
from mainapp.forum.services.messages import edit_message, post_message
from mainapp.forum.services.talk import GRACE, notify_talk
from mainapp.notifications.models import Delivery, Notification
from mainapp.notifications.tests.factories import channel
from mainapp.pages.management.policies import routes
from mainapp.uploads.models import Upload
from mainapp.uploads.services.uploads import make_thumbnails, store_upload

CANARY, WORD = "kanarek", "quetzal"
BAIT = f"{WORD} {CANARY}"
MISSING = 654_321
OUTSIDERS = ("anonymous", "stranger", "support", "admin", "blocked", "former")
LEVELS = {"support": User.Access.SUPPORT, "admin": User.Access.ADMIN}
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
VALUES = {"seq": "1", "size": "150", "symbol": "PETR4", "market": "IBOV", "format": "json"}
QUERIES = "&".join(f"{name}={WORD}" for name in ("q", "busca", "query", "search", "words", "topic"))
# Values that differ between two answers that are otherwise equal.
VARIABLE = re.compile(rb'value="\w{64}"|nonce[-="]+[\w+/=-]+|"\w{32,}"|\d+')


@dataclass
class World:
    users: dict[str, User]
    rooms: list[Room] = field(default_factory=list)
    public: Room | None = None

    @property
    def private_ids(self) -> list[int]:
        """Return the ids of the private rooms, and of the newest row of each kind in them."""
        texts = Message.objects.filter(room__in=self.rooms, kind=Message.Kind.TEXT)
        members = Participant.objects.filter(room__in=self.rooms)
        rows = (texts, Upload.objects.all(), members, Notification.objects, Delivery.objects)
        newest = (row.order_by("-pk").values_list("pk", flat=True)[0] for row in rows)
        return [*(room.pk for room in self.rooms), *newest]

    def browser(self, name: str) -> Client:
        client = Client(raise_request_exception=False)
        if name in self.users:
            client.force_login(self.users[name])
        return client


def make_world() -> World:
    names = ("ana", "beto", *OUTSIDERS[1:])
    world = World({name: _user(name) for name in names})
    ana, beto = world.users["ana"], world.users["beto"]
    former, blocked = world.users["former"], world.users["blocked"]
    _skip_ids()
    now = timezone.now()
    world.public = Room.objects.create(name="Sala", host=ana, created_at=now, active_at=now)
    block_user(blocker=ana, blocked=blocked, at=now)
    channel(beto, address="beto@example.org")
    channel(former, address="former@example.org")
    group, _ = open_chat(user=ana, user_ids=[beto.pk, former.pk], name=BAIT)
    post_message(room_pk=group.pk, author=former, body="minha mensagem")
    post_message(room_pk=group.pk, author=ana, body=f"@former {BAIT}")
    notify_talk(at=timezone.now() + GRACE)
    leave_room(room_pk=group.pk, user=former)
    direct, _ = open_chat(user=ana, user_ids=[beto.pk])
    world.rooms = [group, direct]
    for room in world.rooms:
        talk(room, ana, beto)
    rename_room(room_pk=group.pk, actor=ana, name=f"{BAIT} 2")
    notify_talk(at=timezone.now() + GRACE)
    return world


def talk(room: Room, ana: User, beto: User) -> None:
    """Write a message of each kind, and change and answer some."""
    first = post_message(
        room_pk=room.pk, author=ana, body=f"{BAIT} @beto @stranger @former @blocked $PETR4"
    )
    post_message(room_pk=room.pk, author=beto, body=BAIT, reply_to=first.seq)
    link = {"url": f"https://example.org/{CANARY}", "title": BAIT}
    post_message(room_pk=room.pk, author=ana, kind="link", content=link)
    for name, data in ((f"{BAIT}.png", picture()), (f"{BAIT}.csv", f"{BAIT};1\n".encode())):
        upload = store_upload(owner=ana, name=name, data=data, at=timezone.now())
        make_thumbnails(pk=upload.pk)
        content = {"upload": upload.pk, "caption": BAIT}
        post_message(room_pk=room.pk, author=ana, kind=upload.kind, content=content)
    edit_message(room_pk=room.pk, seq=first.seq, author=ana, body=f"{BAIT} @stranger mudou")
    react(room_pk=room.pk, user=beto, seq=first.seq, emoji="👍", is_on=True)


def join(world: World, name: str) -> None:
    """Make somebody a participant, as the counter-check of the run."""
    Usage.objects.all().delete()
    add_people(room_pk=world.rooms[0].pk, actor=world.users["ana"], user_ids=[world.users[name].pk])
    talk(world.rooms[0], world.users["ana"], world.users["beto"])


def picture() -> bytes:
    """Return a picture with a text chunk."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Comment", BAIT)
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(data, "PNG", pnginfo=chunks)
    return data.getvalue()


def _user(name: str) -> User:
    level = LEVELS.get(name, User.Access.USER)
    user: User = User.objects.create_user(
        name, f"{name}@example.org", "correct horse", access_level=level
    )
    return user


def _skip_ids() -> None:
    """Give the following rows ids that no other row has."""
    now = timezone.now()
    room = Room.objects.create(pk=700_000, name="x", created_at=now, active_at=now)
    Message.objects.create(pk=800_000, room=room, seq=1, body="", body_html="", sent_at=now)
    participant = Participant(pk=850_000, room=room, user=User.objects.first(), joined_at=now)
    participant.save()
    upload = {"kind": "file", "state": "ready", "key": "x" * 22, "size": 1, "created_at": now}
    Upload.objects.create(pk=900_000, owner=participant.user, audience="user:1", **upload).delete()
    room.delete()
    notice = Notification.objects.create(
        pk=950_000, user=participant.user, kind="x", title="x", created_at=now
    )
    Delivery.objects.create(
        pk=970_000, user=participant.user, kind="email", address="x", created_at=now, due_at=now
    ).delete()
    notice.delete()


# Requests ----------------------------------------------------------------------------------------


def addresses(ids: list[int], other: User, *, admin: bool) -> Iterator[tuple[str, str]]:
    """Yield each URL with each of the ids, and the same URL with an id that never was."""
    for path, _pattern in routes(get_resolver().url_patterns, own_only=not admin):
        route = path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")
        names = {a or b for a, b in ARGUMENT.findall(route)}
        for pk in ids if names & {"pk", "object_id"} else [MISSING]:
            yield filled(route, pk, other), filled(route, MISSING, other)


def filled(route: str, pk: int, other: User) -> str:
    values = VALUES | {"pk": str(pk), "object_id": str(pk), "user_pk": str(other.pk)}
    return "/" + ARGUMENT.sub(lambda m: values.get(m[1] or m[2], "nothing"), route)


def text_of(response: Any) -> bytes:
    """Return all texts of a response: headers, cookies, body, the files of an archive."""
    body = b"".join(response) if response.streaming else response.content
    parts = [str(dict(response.items())).encode(), str(response.cookies).encode()]
    if body[:2] != b"PK":
        return b"\n".join([*parts, body])
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return b"\n".join(
            [*parts, *(name.encode() + archive.read(name) for name in archive.namelist())]
        )


def has_canary(data: bytes) -> bool:
    return CANARY.encode() in data.lower()


def normal(response: Any, text: bytes) -> tuple[int, bytes]:
    """Return the part of a response that must be the same for a private and a missing object."""
    return response.status_code, VARIABLE.sub(b"#", text)


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def texts_in_redis() -> Iterator[bytes]:
    """Yield every key and value of the tests' Redis."""
    redis: Any = redis_client()
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
    }
    for key in redis.scan_iter():
        read = readers.get(redis.type(key))
        yield key + repr(read(key) if read else "").encode()
