"""Fan-out of quotes to WebSocket clients: one hub per process, between board and sockets."""

from mainapp.market.fanout.hub import QuoteFanout
from mainapp.market.fanout.subscribers import TrackedSocket

__all__ = ["QuoteFanout", "TrackedSocket"]
