"""Real-time delivery: one hub per process and feature, one writer per socket, one publisher."""

from mainapp.core.realtime.hub import Hub, stop_hubs
from mainapp.core.realtime.loops import OnePerLoop
from mainapp.core.realtime.publish import (
    GroupMessage,
    flush_published,
    publish,
    publish_on_commit,
)
from mainapp.core.realtime.queries import query, write
from mainapp.core.realtime.writer import ConflatingWriter, SocketWriter

__all__ = [
    "ConflatingWriter",
    "GroupMessage",
    "Hub",
    "OnePerLoop",
    "SocketWriter",
    "flush_published",
    "publish",
    "publish_on_commit",
    "query",
    "stop_hubs",
    "write",
]
