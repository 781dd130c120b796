"""The rooms' socket."""

from mainapp.forum.consumers.hall import close_rooms
from mainapp.forum.consumers.room import RoomConsumer

__all__ = ["RoomConsumer", "close_rooms"]
