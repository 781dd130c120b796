"""COTAHIST files for tests and benchmarks, by B3's layout."""

import io
import zipfile
from collections.abc import Iterable
from datetime import date

BLANK = " " * 245


def head(year: int = 2024) -> bytes:
    return f"00COTAHIST.{year}BOVESPA {year}1230".ljust(245).encode()


def foot(count: int, year: int = 2024) -> bytes:
    return f"99COTAHIST.{year}BOVESPA {year}1230{count:011}".ljust(245).encode()


def record(
    code: str,
    day: date,
    *,
    close: int,
    open_: int | None = None,
    high: int | None = None,
    low: int | None = None,
    shares: int = 1000,
    factor: int = 1,
    market: str = "010",
    currency: str = "R$",
    name: str = "PETROBRAS",
) -> bytes:
    """Return a data record; prices are in cents for `factor` shares."""
    open_ = close if open_ is None else open_
    high = max(open_, close) if high is None else high
    low = min(open_, close) if low is None else low
    average = (low + high) // 2
    prices = (open_, high, low, average, close, close, close)
    volume = average * shares // factor
    return (
        f"01{day:%Y%m%d}02{code:<12}{market}{name:<12}{'PN      N2':<10}   {currency:<4}"
        f"{''.join(f'{price:013}' for price in prices)}00150{shares:018}{volume:018}"
        f"{'':0>13}099991231{factor:07}{'':0>13}BRPETRACNPR6123"
    ).encode("latin-1")


def text(records: Iterable[bytes], *, count: int | None = None, end: bytes = b"\r\n") -> bytes:
    rows = list(records)
    lines = [head(), *rows, foot(len(rows) if count is None else count)]
    return b"".join(line + end for line in lines)


def zipped(*contents: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"COTAHIST_A{2024 + number}.TXT", content)
    return buffer.getvalue()
