"""The hub of the rooms: one per process and event loop."""

from mainapp.forum.fanout.hub import RoomFanout
from mainapp.forum.fanout.room import OpenRoom, RoomSocket

__all__ = ["OpenRoom", "RoomFanout", "RoomSocket"]
