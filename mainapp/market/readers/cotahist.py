"""Reader of COTAHIST, B3's own history: records of 245 bytes in Latin-1, between a head and a foot.

Offsets are those of B3's layout, minus one. Prices have two decimals and are per `factor` shares;
they are not adjusted for any event.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from io import BufferedReader
from typing import NamedTuple

from mainapp.market.readers.faults import CotahistError, FileFault

LENGTH = 245
HEAD, DATA, FOOT = b"00", b"01", b"99"
NAME = b"COTAHIST"
CASH = b"010"
REAL = b"R$  "  # older files also have the currencies before July 1994
DAY, CODE, MARKET = slice(2, 10), slice(12, 24), slice(24, 27)
CURRENCY = slice(52, 56)
OPEN, HIGH, LOW, AVERAGE, CLOSE = (slice(at, at + 13) for at in (56, 69, 82, 95, 108))
QUANTITY, VOLUME, FACTOR = slice(152, 170), slice(170, 188), slice(210, 217)
NUMBERS = slice(56, 188)  # from the opening price to the volume
FOOT_COUNT = slice(31, 42)
# Longer than any valid line, so that a file without line ends is refused early.
MAX_LINE = 512
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
CODE_LENGTH = 12
PLACES = Decimal("1e-8")
# The average is truncated to two decimals, so the volume lies between it and a cent more. This held
# for all 17.1 million records from 2019 on; older ones were not counted.
VOLUME_RULE_SINCE = b"20190101"


class Day(NamedTuple):
    """A paper's day on the cash market: prices for one share, with eight decimals, and shares."""

    code: bytes
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


@dataclass(slots=True)
class Summary:
    """The content of a checked file.

    `repeated` has the codes and days with several records: B3 files two ways of trading a paper
    under the same market.
    """

    records: int = 0
    first_day: date | None = None
    last_day: date | None = None
    repeated: set[tuple[bytes, date]] = field(default_factory=set)


def padded(symbol: str) -> bytes:
    """Return a symbol as it is written in the records."""
    return symbol.encode("ascii").ljust(CODE_LENGTH)


def check_file(stream: BufferedReader, *, wanted: Collection[bytes], last_day: date) -> Summary:
    """Read a whole file and check each record; sessions after `last_day` are not over.

    Raises: CotahistError.
    """
    summary = Summary()
    seen = _SeenDays()
    for line in _records(stream, last_day=last_day, summary=summary):
        if line[CODE] in wanted and _is_cash_in_reais(line):
            day = _date(line[DAY])
            if day and seen.add(line[CODE], day):
                summary.repeated.add((line[CODE], day))
    return summary


def read_days(
    stream: BufferedReader, *, wanted: Collection[bytes], summary: Summary, last_day: date
) -> Iterator[Day]:
    """Yield the days of the wanted codes of a checked file.

    Of several records of one paper and day, the one with the most shares is yielded, at the end.
    Raises: CotahistError if the file has changed since.
    """
    largest: dict[tuple[bytes, date], Day] = {}
    for line in _records(stream, last_day=last_day, summary=Summary()):
        if line[CODE] not in wanted or not _is_cash_in_reais(line):
            continue
        day = _parse(line)
        slot = day.code, day.day
        if slot not in summary.repeated:
            yield day
        elif slot not in largest or day.volume > largest[slot].volume:
            largest[slot] = day
    yield from largest.values()


def _records(stream: BufferedReader, *, last_day: date, summary: Summary) -> Iterator[bytes]:
    """Check and yield the data records of a file, and count them in `summary`."""
    number = 1
    check_head(stream)
    dates = _Dates(last_day)
    while line := stream.readline(MAX_LINE):
        number += 1
        line = line.rstrip(b"\r\n")
        if len(line) != LENGTH:
            raise _length_fault(line, number)
        if line[:2] != DATA:
            if line[:2] != FOOT:
                raise CotahistError(FileFault.TYPE, line=number)
            break
        dates.check(line[DAY], number)
        if not line[NUMBERS].isdigit():
            raise CotahistError(FileFault.NUMBER, line=number)
        if line[MARKET] == CASH:
            _check_prices(line, number)
        yield line
    else:
        raise CotahistError(FileFault.CUT)
    summary.records = number - 2
    summary.first_day, summary.last_day = dates.first, dates.last
    _check_foot(line, summary.records)
    if stream.readline(MAX_LINE).strip():
        raise CotahistError(FileFault.AFTER_END, line=number + 1)


def check_head(stream: BufferedReader) -> None:
    """Read the first line and check that the file is COTAHIST. Raises: CotahistError."""
    line = stream.readline(MAX_LINE)
    if not line:
        raise CotahistError(FileFault.EMPTY)
    if line.startswith(BYTE_ORDER_MARKS):
        raise CotahistError(FileFault.ENCODING, line=1)
    if not line.startswith(HEAD + NAME):
        raise CotahistError(FileFault.FOREIGN)
    if len(line.rstrip(b"\r\n")) != LENGTH:
        raise _length_fault(line.rstrip(b"\r\n"), 1)


def _check_foot(line: bytes, records: int) -> None:
    """Compare the foot's count with the records.

    By B3's layout the count includes head and foot; in the file of 2026 it does not. So a file from
    which exactly two records were removed may be accepted.
    """
    count = line[FOOT_COUNT]
    if not line.startswith(FOOT + NAME) or not count.isdigit():
        raise CotahistError(FileFault.CUT)
    if int(count) not in (records, records + 2):
        raise CotahistError(FileFault.COUNT, counted=int(count), found=records)


def _length_fault(line: bytes, number: int) -> CotahistError:
    try:
        is_utf8 = not line.isascii() and len(line.decode()) == LENGTH
    except UnicodeDecodeError:
        is_utf8 = False
    if is_utf8:
        return CotahistError(FileFault.ENCODING, line=number)
    return CotahistError(FileFault.LENGTH, line=number, length=len(line))


class _Dates:
    """The dates of a file, each parsed once."""

    def __init__(self, last_day: date) -> None:
        self._allowed = last_day
        self._known: dict[bytes, date] = {}

    def check(self, text: bytes, number: int) -> None:
        if text in self._known:
            return
        day = _date(text)
        if day is None:
            raise CotahistError(FileFault.DATE, line=number)
        if day > self._allowed:
            raise CotahistError(FileFault.FUTURE, line=number, day=f"{day:%d/%m/%Y}")
        self._known[text] = day

    @property
    def first(self) -> date | None:
        return min(self._known.values(), default=None)

    @property
    def last(self) -> date | None:
        return max(self._known.values(), default=None)


class _SeenDays:
    """A set of codes and days, one bit for each day: a year of 1,000 codes takes 0.1 MB."""

    def __init__(self) -> None:
        self._days: dict[bytes, int] = {}
        self._first = date(1986, 1, 1).toordinal()

    def add(self, code: bytes, day: date) -> bool:
        """Add a code's day; return whether it was there already."""
        known = self._days.get(code, 0)
        bit = 1 << max(0, day.toordinal() - self._first)
        self._days[code] = known | bit
        return bool(known & bit)


@lru_cache(maxsize=512)
def _date(text: bytes) -> date | None:
    if not text.isdigit():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _check_prices(line: bytes, number: int) -> None:
    """Check that a record's numbers agree with each other, to detect altered files."""
    low, high, average = int(line[LOW]), int(line[HIGH]), int(line[AVERAGE])
    within = low <= int(line[OPEN]) <= high and low <= int(line[CLOSE]) <= high
    factor = line[FACTOR]
    if not factor.isdigit():
        raise CotahistError(FileFault.NUMBER, line=number)
    if not (0 < low <= average <= high and within and int(factor)):
        raise CotahistError(FileFault.PRICES, line=number)
    shares, volume, lot = int(line[QUANTITY]), int(line[VOLUME]), int(factor)
    is_measured = line[DAY] >= VOLUME_RULE_SINCE
    if is_measured and not average * shares < (volume + 1) * lot <= (average + 1) * shares + lot:
        raise CotahistError(FileFault.PRICES, line=number)


def _is_cash_in_reais(line: bytes) -> bool:
    return line[MARKET] == CASH and line[CURRENCY] == REAL


def _parse(line: bytes) -> Day:
    day = _date(line[DAY])
    assert day  # `check_file` has read it
    shares = int(line[FACTOR])
    open_, high, low, close = (_price(line[column], shares) for column in (OPEN, HIGH, LOW, CLOSE))
    return Day(line[CODE], day, open_, high, low, close, int(line[QUANTITY]))


def _price(text: bytes, shares: int) -> Decimal:
    price = Decimal(int(text)).scaleb(-2)
    return price if shares == 1 else (price / shares).quantize(PLACES)
