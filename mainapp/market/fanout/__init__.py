"""Fan-out of quotes: one hub per process, between the board and the sockets."""

from mainapp.market.fanout.hub import QuoteFanout
from mainapp.market.fanout.subscribers import TrackedSocket

__all__ = ["QuoteFanout", "TrackedSocket"]
