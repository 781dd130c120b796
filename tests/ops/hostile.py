"""Hostile requests, such as no client of ours sends, to any page or operation."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Headers = dict[bytes, bytes]

LONG = "9" * 4000
TEXTS = [
    "\0",
    "\ud800",
    "\u202e\ufeff",
    "1e1000000",
    "-1e-1000000",
    "NaN",
    "Infinity",
    LONG,
    "²",
    "\uff19",
    "-1",
    "0x10",
    str(2**63),
    str(10**30),
    "' OR 1=1 --",
    "[" * 3000,
    "*_`[" * 1000,
    "../../etc/passwd",
    "<script>",
    "a" * 100_000,
    "2026-13-45T99:99",
    "[](" * 2000,
    "%00",
]
VALUES: list[Any] = [
    None,
    True,
    -1,
    2**63,
    10**400,
    1e308,
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    ["x"] * 20_000,
    *TEXTS,
]
FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"
MULTIPART = b"multipart/form-data; boundary=x"


@dataclass(frozen=True)
class Hostile:
    """One request, which can be sent to any address."""

    method: str = "GET"
    query: bytes = b""
    headers: Headers = field(default_factory=dict)
    body: bytes = b""


def escaped(text: str) -> str:
    return quote(text, errors="surrogatepass")


def of_queries(names: list[str]) -> Iterator[Hostile]:
    for text in [*TEXTS[:15], "\x1b", "\n"]:
        if len(text) < 10_000:
            pairs = "&".join(f"{name}={escaped(text)}" for name in names)
            yield Hostile(query=pairs.encode())
    yield Hostile(query=b"q=\xff\xfe&page=\xed\xa0\x80")
    yield Hostile(
        query=b"&".join(b"ticker=PETR4&stockpicker=PETR%d&symbols=A%d" % (n, n) for n in range(900))
    )
    yield Hostile(query=b"a=1&" * 5000)
    yield Hostile(query=b"q=" + b"%" * 5000 + b"&=&;;&[]=1&q[a]=2")
    yield Hostile(query=b"symbols=" + b"PETR4," * 10_000)


HEADERS: list[Headers] = [
    {b"host": b"evil.example"},
    {b"host": b"a b"},
    {b"host": b"[::1"},
    {b"host": b"\xff"},
    {b"host": b"localhost:99999999"},
    {b"host": b""},
    {b"accept-language": b"x" * 5000},
    {b"accept-language": b"pt;q=1e999,\xb2;q=\xb2,en-" + b"a" * 600},
    {b"cookie": b'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"'},
    {b"cookie": b"sessionid=\xff\xed\xa0\x80aaaaaaaa; csrftoken=\xff"},
    {b"cookie": b'messages=\xff[["x"; django_language=' + b"x" * 600 + b"; =; ;;"},
    {b"cookie": b"sessionid=" + b"a" * 5000},
    {b"authorization": b"Bearer"},
    {b"authorization": b"Bearer a b"},
    {b"authorization": b"Bearer \xff.\xff.\xff"},
    {b"authorization": b"Bearer e30.e30.e30"},
    {b"authorization": b"Basic \xff"},
    {b"authorization": b"\xb2"},
    {b"referer": b"http://["},
    {b"origin": b"http://["},
    {b"origin": b"\xff"},
    {b"hx-current-url": b"http://[", b"hx-request": b"true"},
    {
        b"hx-request": b"true",
        b"hx-current-url-uri-autoencoded": b"true",
        b"hx-current-url": b"%ff%00",
    },
    {b"if-modified-since": b"Wed, 99 Foo 99999999 99:99:99 GMT"},
    {b"if-none-match": b'"' * 50},
    {b"range": b"bytes=99999999999999999999-,-"},
    {b"content-length": b"abc"},
    {b"content-length": b"-1"},
    {b"x-forwarded-for": b"\xff, ::1%eth0"},
    {b"x-forwarded-proto": b"\xff"},
    {b"accept": b"application/json;q=\xb2, " + b"*/*," * 2000},
    {b"idempotency-key": b"\xff" * 300},
    {b"content-type": b"text/html; charset=zlib"},
    {b"content-type": b"text/html; charset=\xff"},
    {b"content-type": b"text/html; x*=nothing''a"},
    {b"content-type": b"text/html; x*=utf-8'%ff"},
    {b"content-type": b"\xff" * 200},
    {b"accept-encoding": b"zstd;q=\xb2"},
    {b"x-csrftoken": b"\xff" * 99},
]


def of_headers() -> Iterator[Hostile]:
    for headers in HEADERS:
        yield Hostile(headers=headers)
    yield Hostile(method="OPTIONS")
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "HEAD", "FOO"):
        yield Hostile(method=method, headers={b"content-type": JSON}, body=b"{")


def of_forms(names: list[str]) -> Iterator[Hostile]:
    """Yield forms whose fields all have the same hostile value, and malformed forms."""
    for text in TEXTS:
        body = "&".join(f"{name}={escaped(text)}" for name in names).encode()
        if len(body) < 2_000_000:
            yield Hostile("POST", headers={b"content-type": FORM}, body=body)
    for charset in (b"utf-7", b"zlib", b"unicode_escape", b"utf-16", b"\xff"):
        body = b"&".join(b"%b=+2AA-\\ud800" % name.encode() for name in names)
        yield Hostile("POST", headers={b"content-type": FORM + b"; charset=" + charset}, body=body)
    yield Hostile("POST", headers={b"content-type": FORM}, body=b"a=1&" * 2000)
    yield Hostile("POST", headers={b"content-type": FORM}, body=b"a=" + b"x" * 3_000_000)
    yield Hostile("POST", headers={b"content-type": FORM}, body=b"\xff\xfe=\xed\xa0\x80&%ff=%00")
    for body in parts(names):
        yield Hostile("POST", headers={b"content-type": MULTIPART}, body=body)
    for kind in (
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        MULTIPART + b"\xff",
        b"/",
    ):
        yield Hostile("POST", headers={b"content-type": kind}, body=b"--x--")


def parts(names: list[str]) -> Iterator[bytes]:
    """Yield broken multipart bodies."""
    yield b""
    yield b"--x\r\n\r\n\r\n--x--"
    yield b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nunfinished"
    for line in (
        b"form-data; name*=nothing''a",
        b"form-data; name*=utf-7''+2AA-",
        b"form-data; name=\xff",
        b"form-data; name*=zlib''a",
        b"form-data",
        b'form-data; name="a\0b"',
        b"form-data; name*0=a",
        b"form-data; name=arquivo; filename*=nothing''x",
        b"form-data; name=arquivo; filename=..",
        b'form-data; name=arquivo; filename="\0\xed\xa0\x80.csv"',
        b"form-data; name=arquivo; filename*=utf-8''%ED%A0%80.csv",
        b"form-data; name=avatar; filename=" + b"a" * 5000,
    ):
        yield b"--x\r\nContent-Disposition: " + line + b"\r\n\r\na;b\r\n--x--\r\n"
    for header in (
        b"Content-Transfer-Encoding: base64",
        b"Content-Type: text/plain; charset=zlib",
        b"X" * 5000,
    ):
        part = b'Content-Disposition: form-data; name="%b"\r\n' % names[0].encode()
        yield b"--x\r\n" + part + header + b"\r\n\r\n\xff=\r\n--x--\r\n"
    yield (
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nb\r\n' * 300
        + b"--x--"
    )


def of_json(names: list[str], method: str) -> Iterator[Hostile]:
    """Yield JSON objects whose fields all have the same hostile value, and malformed bodies."""
    bodies = [json.dumps(dict.fromkeys(names, value)).encode() for value in VALUES]
    bodies += [
        b'{"a":' * 50_000,
        b"[" * 900_000,
        b"{}" * 9,
        b"",
        b"null",
        b"[]",
        b'"\xed\xa0\x80"',
        b"\xff\xfe",
        b"NaN",
        b"1e1000000",
        b'{"": 1}',
        b"9" * 10_000,
        zlib.compress(b"[" * 1_000_000),
        json.dumps({f"{n}": n for n in range(50_000)}).encode(),
    ]
    for name in [*names, "a"][:1]:
        bodies += [b'{"%b": 1e1000000}' % name.encode(), b'{"%b": -Infinity}' % name.encode()]
    for body in bodies:
        if len(body) < 2_400_000:
            yield Hostile(method, headers={b"content-type": JSON}, body=body)
    yield Hostile(method, headers={b"content-type": JSON + b"; charset=utf-7"}, body=b"+2AA-")
    yield Hostile(method, headers={b"content-type": JSON, b"content-encoding": b"gzip"}, body=b"x")
