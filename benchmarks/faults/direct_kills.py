"""Direct rooms under kills: 20 pairs write and send pictures while processes are killed in turn.

Like `room_kills`, in direct rooms: every tenth message is a picture, which its sender first uploads
by the API, again after each failure. In the end no message is lost, duplicated or out of order, and
each picture of a message has its row, its file and its thumbnails, exactly once.
"""

import argparse
import asyncio
import io
import json
import sys
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults.room_kills import KILL_EVERY_S, READ, Conversation, Member, check_result
from benchmarks.rig.processes import Rig
from benchmarks.rig.readings import Tally

PAIRS, SECONDS, PER_SECOND = 20, 120.0, 10.0
PICTURE_EVERY = 10
RETRY_S, UPLOAD_S = 0.5, 15.0
CSRF = "x" * 32
PREPARE = """
import django; django.setup()
import json
from pathlib import Path
from benchmarks.rig.people import write_cookies
from mainapp.accounts.models import User
from mainapp.forum.services.chats import open_chat
write_cookies({folder!r} + "/cookies", 2 * {pairs})
users = list(User.objects.order_by("-pk")[: 2 * {pairs}])[::-1]
rooms = [
    open_chat(user=users[2 * n], user_ids=[users[2 * n + 1].pk])[0].pk for n in range({pairs})
]
Path({folder!r}, "rooms").write_text(json.dumps(rooms))
"""
SWEEP = """
import django; django.setup()
import json
from datetime import timedelta
from pathlib import Path
from django.utils import timezone
from mainapp.forum.models import Message
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures.folders import FOLDERS
from mainapp.uploads.services import uploads
uploads.ORPHAN_S = -1  # of uploads that a kill interrupted: an hour would be too long to wait
uploads.sweep_uploads(at=timezone.now() + timedelta(days=2))
sent = list(Message.objects.filter(kind="image"))
held = {{m.content["upload"]: f"message:{{m.pk}}" for m in sent}}
rows = {{u.pk: u for u in Upload.objects.all()}}
names = ("full.webp", "150.webp", "600.webp", "1200.webp")
Path({folder!r}, "pictures").write_text(json.dumps({{
    "sent": len(sent),
    "twice": len(sent) - len(held),
    "lost": sum(pk not in rows or rows[pk].audience != held[pk] for pk in held),
    "not ready": sum(row.state != "ready" for row in rows.values()),
    "without a file": sum(FOLDERS.read(r.key, n) is None for r in rows.values() for n in names),
    "unattached": len(rows.keys() - held.keys()),
    "folders more than rows": len(list(FOLDERS.root.iterdir())) - len(rows),
}}))
"""


class Pairs(Conversation):
    """Two people per room, connected to different processes."""

    pictures = 0
    failed_uploads = 0

    def _make_clients(
        self, count: int, rooms: list[int], ports: list[int], cookies: list[str]
    ) -> list[list[Member]]:
        return [
            [Member(rooms[n], ports[side], cookies[2 * n + side], self.counts) for side in (0, 1)]
            for n in range(count)
        ]

    async def _write_one(self, member: Member, number: int) -> None:
        if number % PICTURE_EVERY:
            await super()._write_one(member, number)
            return
        upload = await self._upload(member)
        self.pictures += 1
        content = {"upload": upload, "caption": f"figura {number}"}
        await member.send_message(kind="image", content=content)

    async def _upload(self, member: Member) -> Any:
        """Upload a picture, as often as it takes; return its id."""
        address = f"http://127.0.0.1:{member.port}"
        headers = {
            "Cookie": f"{member.cookie}; csrftoken={CSRF}",
            "X-CSRFToken": CSRF,
            "Origin": address,
        }
        while True:
            try:
                async with httpx.AsyncClient(timeout=UPLOAD_S, trust_env=False) as client:
                    answer = await client.post(
                        f"{address}/api/v1/uploads/",
                        files={"file": ("figura.png", PICTURE, "image/png")},
                        headers=headers,
                    )
                if answer.status_code == httpx.codes.CREATED:
                    return answer.json()["id"]
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    raise RuntimeError(f"{answer.status_code} {answer.text[:200]}")
            except httpx.HTTPError:
                pass
            self.failed_uploads += 1
            await asyncio.sleep(RETRY_S)


def _picture() -> bytes:
    data = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(data, "PNG")
    return data.getvalue()


PICTURE = _picture()


def run(
    *,
    seconds: float = SECONDS,
    pairs: int = PAIRS,
    per_second: float = PER_SECOND,
    kill_every_s: float = KILL_EVERY_S,
) -> Tally:
    tally = Tally(f"{pairs} direct rooms with pictures for {seconds:g} s")
    with Rig(UPLOADS_A_DAY="100000") as rig, rig.on_failure_show_log():
        redis = rig.start_redis()
        rig.prepare()
        folder = str(rig.folder)
        rig.run_python("-c", PREPARE.format(folder=folder, pairs=pairs))
        conversation = Pairs(rig, redis, pairs, per_second)
        asyncio.run(conversation.run(seconds, kill_every_s))
        for script in (READ, SWEEP):
            rig.run_python("-c", script.format(folder=folder))
        rows = json.loads((rig.folder / "messages").read_text())
        check_result(tally, conversation, rows, seconds)
        pictures = json.loads((rig.folder / "pictures").read_text())
    tally.note(f"pictures uploaded {conversation.pictures}, tries {conversation.failed_uploads}")
    tally.check("pictures sent equal those uploaded", pictures["sent"] == conversation.pictures)
    for name in pictures.keys() - {"sent"}:
        tally.line(f"pictures: {name}", pictures[name], "", 0)
    return tally


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=SECONDS)
    sys.exit(run(**vars(parser.parse_args())).exit_code)
