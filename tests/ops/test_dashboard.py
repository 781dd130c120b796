"""The dashboard after a restart of everything: web processes and Redis."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from benchmarks.faults.watch_storm import Webs
from benchmarks.rig.processes import Rig

PREPARE = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from benchmarks.rig.people import write_cookies
from mainapp.accounts.models import User
from mainapp.operations.services.sampling import write_sample
write_cookies({cookies!r}, 1)
User.objects.update(access_level="admin")
for minutes in (2, 1):
    write_sample(at=timezone.now() - timedelta(minutes=minutes))
"""


@pytest.mark.usefixtures("prepared_rig")
def test_curves_survive_a_restart_of_web_and_redis():
    with Rig() as rig, rig.on_failure_show_log():
        redis = rig.start_redis()
        rig.prepare()
        rig.run_python("-c", PREPARE.format(cookies=str(rig.folder / "cookies")))
        (cookie,) = json.loads((rig.folder / "cookies").read_text())
        webs = Webs(rig, 1)
        before = asyncio.run(_first_frame(webs.ports[0], cookie))
        assert len(before["curves"]) == 2

        redis.kill()
        redis.wait()
        webs.kill(0)
        rig.redis_path.unlink(missing_ok=True)
        rig.start_redis()
        webs.processes[0] = rig.web(webs.listeners[0])

        after = asyncio.run(_first_frame(webs.ports[0], cookie))
        assert after["curves"] == before["curves"]
        assert after["users_count"] == before["users_count"] == 1
        started = datetime.now(UTC) - timedelta(minutes=5)
        assert all(datetime.fromisoformat(row[0]) > started for row in after["curves"])


async def _first_frame(port, cookie):
    address = f"127.0.0.1:{port}"
    async with connect(
        f"ws://{address}/ws/dashboard/",
        origin=Origin(f"http://{address}"),
        additional_headers={"Cookie": cookie},
        proxy=None,
    ) as socket:
        async with asyncio.timeout(20):
            frame = json.loads(await socket.recv())
    assert frame["type"] == "dashboard_data"
    return frame
