"""Who is connected to this process, by symbol and by room; coming and going costs no I/O."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable

from mainapp.market.fanout.ranking import HomeRanking
from mainapp.market.fanout.wanted import Wanted
from mainapp.market.fanout.writer import TrackedSocket
from mainapp.market.watch import WatchLease

HOME = "home"


class Audience:
    """The sockets and what they want; `stir` is set when what is wanted may have changed."""

    def __init__(
        self, *, lease: WatchLease, ranking: HomeRanking, is_fresh: Callable[[str], bool]
    ) -> None:
        self.wanted = Wanted(lease, is_fresh=is_fresh)
        self.ranking = ranking
        self.stir = asyncio.Event()
        self.sockets: set[TrackedSocket] = set()
        self.by_symbol: dict[str, set[TrackedSocket]] = defaultdict(set)
        self.by_room: dict[str, set[TrackedSocket]] = defaultdict(set)

    def join(self, socket: TrackedSocket, *, home_symbols: tuple[str, ...] = ()) -> None:
        """Take a socket in; `home_symbols`: what the home room ranks, leased while it is open."""
        self.sockets.add(socket)
        room = self.by_room[socket.room]
        if socket.room == HOME and not room:
            self.ranking.open(home_symbols)
            self.wanted.add(home_symbols)
        room.add(socket)

    def leave(self, socket: TrackedSocket) -> None:
        """Forget a socket; safe to repeat."""
        socket.close()
        if socket not in self.sockets:
            return
        self.sockets.discard(socket)
        self.unsubscribe(socket, list(socket.symbols))
        room = self.by_room[socket.room]
        room.discard(socket)
        if not room:
            del self.by_room[socket.room]
            if socket.room == HOME:
                self.wanted.discard(self.ranking.symbols)
                self.stir.set()

    def subscribe(self, socket: TrackedSocket, symbols: Iterable[str]) -> None:
        new = [symbol for symbol in symbols if symbol not in socket.symbols]
        socket.symbols.update(new)
        for symbol in new:
            self.by_symbol[symbol].add(socket)
        self.wanted.add(new)
        self.stir.set()

    def unsubscribe(self, socket: TrackedSocket, symbols: Iterable[str]) -> list[str]:
        """Return what left, in the order asked."""
        left = [s for s in dict.fromkeys(symbols) if s in socket.symbols]
        socket.symbols.difference_update(left)
        for symbol in left:
            watchers = self.by_symbol[symbol]
            watchers.discard(socket)
            if not watchers:
                del self.by_symbol[symbol]
        self.wanted.discard(left)
        self.stir.set()
        return left
