"""One hub a process, between the board and the sockets."""

from mainapp.market.fanout.hub import QuoteFanout
from mainapp.market.fanout.writer import TrackedSocket

__all__ = ["QuoteFanout", "TrackedSocket"]
