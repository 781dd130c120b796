"""The rooms' socket."""

from mainapp.forum.consumers.room import RoomConsumer

__all__ = ["RoomConsumer"]
