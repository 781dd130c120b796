import pytest

from conftest import Refused
from mainapp.core.middleware import is_allowed


@pytest.mark.parametrize(
    ("origin", "host", "is_secure"),
    [
        ("http://localhost", "localhost", False),
        ("http://localhost:80", "localhost", False),
        ("http://localhost", "LOCALHOST:80", False),
        ("http://LocalHost:8000", "localhost:8000", False),
        ("https://localhost", "localhost", True),
        ("https://localhost:443", "localhost", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://[::1]:8000", "[::1]:8000", False),
    ],
)
def test_origin_of_this_site_is_allowed(origin, host, is_secure):
    assert is_allowed(origin, host=host, is_secure=is_secure)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "localhost",
        "//localhost",
        "https://localhost",
        "http://localhost:8000",
        "http://localhost:0",
        "http://localhost:x",
        "http://localhost:99999",
        "http://localhost.evil.example",
        "http://evil.example",
        "http://127.0.0.1",
        "http://user@localhost",
        "http://evil.example\\@localhost",
        "http://localhost/path",
        "http://localhost?query",
        "http://localhost#fragment",
        "ftp://localhost",
        "file://localhost",
        "ws://localhost",
        "http://[::1",
        "http://",
    ],
)
def test_other_origin_is_refused(origin):
    assert not is_allowed(origin, host="localhost", is_secure=False)


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:80", "local host", "[::1"])
def test_foreign_host_is_refused_even_with_an_equal_origin(host):
    assert not is_allowed(f"http://{host}", host=host, is_secure=False)


def test_wildcard_host_does_not_allow_every_origin(settings):
    settings.ALLOWED_HOSTS = ["*"]

    assert is_allowed("http://a.example", host="a.example", is_secure=False)
    assert not is_allowed("http://b.example", host="a.example", is_secure=False)
    assert not is_allowed("http://", host="", is_secure=False)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://app.example.org", True),
        ("https://app.example.org:443", True),
        ("http://app.example.org", False),
        ("https://app.example.org:8443", False),
        ("https://other.example.org", False),
        ("https://a.example.net", True),
        ("https://a.b.example.net", True),
        ("https://evilexample.net", False),
        ("http://a.example.net", False),
        ("http://port.example.com:8080", True),
        ("http://port.example.com", False),
    ],
)
def test_trusted_origins_are_compared_by_scheme_host_and_port(settings, origin, expected):
    settings.CSRF_TRUSTED_ORIGINS = [
        "https://app.example.org",
        "https://*.example.net",
        "http://port.example.com:8080",
    ]

    assert is_allowed(origin, host="localhost", is_secure=False) is expected


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://localhost"])
async def test_handshake_of_another_origin_is_refused(websocket, origin):
    with pytest.raises(Refused) as refused:
        async with websocket("/ws/nowhere/", origin=origin):
            pass

    assert refused.value.code == 4403


async def test_handshake_of_our_origin_is_accepted(websocket):
    async with websocket("/ws/nowhere/") as socket:
        assert await socket.closed() == 4404
