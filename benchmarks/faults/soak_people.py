"""The people of the soak: they read pages, write, set alerts, send pictures and request reports."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import cycle
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.faults.direct_kills import CSRF, PICTURE
from benchmarks.rig.cluster import POLLED
from benchmarks.rig.polled_source import START

PAUSE_S = 3.0  # of a person between two acts, on average
TIMEOUT_S = 15.0
SYMBOL = POLLED[0]
PATHS = (
    *("/", "/forum/", "/carteira", "/notifications/", "/ideias/"),
    *(f"/ativo/{SYMBOL}/", f"/stocktracker?stockpicker={SYMBOL}"),
)
PREPARE = """
import django; django.setup()
import json
from pathlib import Path
from django.utils import timezone
from benchmarks.rig.people import write_cookies
from mainapp.accounts.models import User
from mainapp.forum.models import Room
from mainapp.forum.services.chats import open_chat
write_cookies({folder!r} + "/cookies", {count})
users = list(User.objects.order_by("-pk")[:{count}])[::-1]
User.objects.filter(pk=users[0].pk).update(access_level="admin")
now = timezone.now()
room = Room.objects.create(name="Sala", created_at=now, active_at=now)
chats = [
    open_chat(user=users[n], user_ids=[users[(n + 1) % {count}].pk])[0].pk for n in range({count})
]
Path({folder!r}, "facts").write_text(json.dumps({{"room": room.pk, "chats": chats}}))
"""


class Acts:
    """Counts of what the people did, and of the responses."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()  # by reason: a status, or the name of an error
        self.failures: list[tuple[float, str]] = []
        self.refused: Counter[str] = Counter()  # responses that no fault explains
        self.sent: dict[str, bool] = {}  # client ids of messages: whether one was acknowledged


class Person:
    """Performs one act after another, on one of the web processes and then on the other."""

    def __init__(self, acts: Acts, urls: list[str], cookie: str, room: int, chat: int) -> None:
        self.acts, self.room, self.chat = acts, room, chat
        self._urls, self._paths = cycle(urls), cycle(PATHS)
        self._headers = {"Cookie": f"{cookie}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
        self._alerts: list[int] = []
        self._reports: list[int] = []
        self._acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.read, 8),
            (self.post, 4),
            (self.set_alert, 2),
            (self.send_picture, 1),
            (self.request_report, 1),
        ]

    async def run(self) -> None:
        """Act until cancelled."""
        deck: list[Callable[[], Awaitable[None]]] = []
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as self._client:
            while True:
                if not deck:
                    deck = [act for act, share in self._acts for _ in range(share)]
                    random.shuffle(deck)
                await deck.pop()()
                await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter

    # Acts --------------------------------------------------------------------------------------

    async def read(self) -> None:
        await self._request("page", "GET", next(self._paths))

    async def post(self) -> None:
        await self._post_message(self.room, body="bom dia")

    async def set_alert(self) -> None:
        """Create an alert that the next prices fire, and delete an older one."""
        limit = f"{START + 0.03:.2f}"
        fields = {"ativo": SYMBOL, "venda": limit, "fires_if_beyond": True}
        if created := await self._request("alert", "POST", "/api/v1/alerts/create/", json=fields):
            self._alerts.append(created["id"])
        if len(self._alerts) > 3:
            pk = self._alerts.pop(0)
            await self._request("alert deleted", "DELETE", f"/api/v1/alerts/delete/{pk}/")

    async def send_picture(self) -> None:
        files = {"file": ("figura.png", PICTURE, "image/png")}
        if upload := await self._request("upload", "POST", "/api/v1/uploads/", files=files):
            content = {"upload": upload["id"], "caption": "figura"}
            await self._post_message(self.chat, kind="image", content=content)

    async def request_report(self) -> None:
        """Request a report, and delete an older one."""
        fields = {"kind": random.choice(("alerts", "firings", "conversations"))}  # noqa: S311 - any
        if report := await self._request("report", "POST", "/api/v1/reports/", json=fields):
            self._reports.append(report["id"])
        if len(self._reports) > 2:
            pk = self._reports.pop(0)
            await self._request("report deleted", "DELETE", f"/api/v1/reports/{pk}/")

    async def _post_message(self, room: int, **fields: Any) -> None:
        """Post a message, as often as it takes until it is acknowledged."""
        client_id = str(uuid4())
        self.acts.sent[client_id] = False
        for _ in range(20):
            path = f"/api/v1/rooms/{room}/messages/"
            body = {"client_id": client_id, **fields}
            if await self._request("message", "POST", path, json=body):
                self.acts.sent[client_id] = True
                return
            await asyncio.sleep(PAUSE_S)

    async def _request(self, act: str, method: str, path: str, **options: Any) -> Any:
        """Return the body of a success: JSON, or True; None after a failure, which is counted."""
        url, acts = next(self._urls), self.acts
        try:
            response = await self._client.request(
                method, url + path, headers=self._headers | {"Origin": url}, **options
            )
        except httpx.HTTPError as error:
            self._note_failure(act, type(error).__name__)
            return None
        if response.is_success:
            acts.done[act] += 1
            with suppress(json.JSONDecodeError):
                return response.json()
            return True
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self._note_failure(act, str(response.status_code))
        else:
            acts.refused[f"{act}: {response.status_code} {response.text[:160]}"] += 1
        return None

    def _note_failure(self, act: str, reason: str) -> None:
        self.acts.failed[reason] += 1
        self.acts.failures.append((time.monotonic(), f"{act}: {reason}"))
