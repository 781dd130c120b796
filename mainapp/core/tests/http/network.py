"""A fake Internet for tests: a DNS, and a public address that is redirected to this machine."""

import socket
from typing import Any

import pytest

PUBLIC = "93.184.215.14"
Names = dict[str, list[list[str]]]


class Connections(list[str]):
    """Addresses of the connections made; those to PUBLIC are redirected to `port` on localhost."""

    port = 9


def make_names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return the DNS: names to the addresses of successive queries; the last ones are repeated."""
    names: Names = {}
    resolve = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in names:
            return resolve(host, port, *args, **kwargs)
        addresses = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return names


def make_connections(monkeypatch: pytest.MonkeyPatch) -> Connections:
    connections = Connections()
    connect = socket.socket.connect

    def record(sock: socket.socket, address: Any) -> Any:
        connections.append(address[0])
        if address[0] == PUBLIC:
            return connect(sock, ("127.0.0.1", connections.port))
        return connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", record)
    return connections
