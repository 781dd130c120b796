"""Fan-out of the rooms: one hub per process, between the database and the sockets."""

from mainapp.forum.fanout.hub import RoomFanout
from mainapp.forum.fanout.room import OpenRoom
from mainapp.forum.fanout.sockets import RoomSocket

__all__ = ["OpenRoom", "RoomFanout", "RoomSocket"]
