"""`ws/dashboard/`: CONTRACTS §24."""

import logging

import redis
from django.utils import timezone

from mainapp.accounts.policies import is_admin_level
from mainapp.core.consumers import BaseConsumer
from mainapp.core.realtime import OnePerLoop, query
from mainapp.core.realtime.writer import try_send_of
from mainapp.operations.board import meter
from mainapp.operations.board.dashboard import Snapshot
from mainapp.operations.fanout import DashboardFanout, DashboardSocket
from mainapp.operations.policies import REFUSED, SOCKET
from mainapp.operations.services.dashboard import current_snapshot, without_redis

logger = logging.getLogger(__name__)


async def collect(before: Snapshot) -> tuple[Snapshot, bool]:
    """Return the dashboard's values, and whether this process has just read them."""
    try:
        return await query(current_snapshot, at=timezone.now())
    except redis.RedisError as error:
        logger.info("the dashboard could not be read: %s", error)
        return without_redis(before), False


dashboard_hub = OnePerLoop(DashboardFanout, collect)


class DashboardConsumer(BaseConsumer):
    """An admin's tab. The hub sends all frames."""

    policy = SOCKET
    hub: DashboardFanout
    socket: DashboardSocket | None = None

    async def opened(self) -> None:
        if not is_admin_level(self.scope["user"]):
            await self.close(REFUSED)
            return
        meter().start()
        self.hub = dashboard_hub()
        await self.hub.ready()
        self.writer = self.socket = DashboardSocket(
            self.hub, self.base_send, try_send_of(self.scope)
        )
        self.hub.join(self.socket)

    def left(self) -> None:
        if self.socket is not None:
            self.hub.leave(self.socket)
