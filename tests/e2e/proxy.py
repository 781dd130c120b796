"""A TCP proxy that can silence WebSockets without closing them, as when a network is lost."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

CHUNK = 65536


class Proxy:
    """Forwards connections to a server; `freeze` affects open WebSockets, never new ones."""

    def __init__(self, url: str) -> None:
        self._target = (urlsplit(url).hostname, urlsplit(url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._links: list[Link] = []
        self.drops_handshakes = False  # of new WebSockets
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self, path: str = "/ws/") -> None:
        """Stop forwarding the open WebSockets of a path, both ways, without closing them."""
        for link in self._links:
            if link.path.startswith(path):
                link.is_frozen = True

    def close(self) -> None:
        self._listener.close()
        for link in self._links:
            link.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _address = self._listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:  # the server is down
                    client.close()
                    continue
                self._links.append(Link(client, server, drops_handshake=self.drops_handshakes))


class Link:
    """One connection, with a thread for each direction."""

    def __init__(
        self, client: socket.socket, server: socket.socket, *, drops_handshake: bool
    ) -> None:
        self.path = ""
        self.is_frozen = False
        self._drops_handshake = drops_handshake
        self._ends = (client, server)
        for source, target in ((client, server), (server, client)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def close(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if b"upgrade: websocket" in data.lower() and source is self._ends[0]:
                    self.path = data.split(b" ", 2)[1].decode()
                    self.is_frozen = self._drops_handshake
                if self.is_frozen:
                    continue  # discard the data
                target.sendall(data)
        if not self.is_frozen:
            self.close()
