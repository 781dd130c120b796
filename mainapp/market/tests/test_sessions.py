"""Tests of B3's calendar: days by exchange_calendars, hours by the exchange's published rules."""

from datetime import UTC, date, datetime, timedelta

import exchange_calendars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainapp.market import sessions
from mainapp.market.sessions import SAO_PAULO, session

WINTER = "2026-01-14"  # New York is on standard time
SUMMER = "2026-07-15"  # New York is on daylight saving time
ASH_WEDNESDAY = "2026-02-18"


def sao_paulo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SAO_PAULO)


@pytest.mark.filterwarnings("ignore")  # pandas warns at the import of this library
def test_session_days_match_exchange_calendars():
    calendar = exchange_calendars.get_calendar("BVMF", start="2020-01-01", end="2027-12-31")
    expected = {stamp.date() for stamp in calendar.sessions}
    first = date(2020, 1, 1)
    days = [first + timedelta(n) for n in range((date(2028, 1, 1) - first).days)]

    assert {day for day in days if sessions.is_session_day(day)} == expected


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01",
        "2026-02-16",  # Carnival Monday
        "2026-02-17",  # Carnival Tuesday
        "2026-04-03",  # Good Friday
        "2026-04-21",
        "2026-05-01",
        "2026-06-04",  # Corpus Christi
        "2026-09-07",
        "2026-10-12",
        "2026-11-02",
        "2027-11-15",
        "2024-11-20",
        "2026-12-24",
        "2026-12-25",
        "2026-12-31",  # the last weekday of the year
        "2022-12-30",
        "2023-12-29",
        "2026-03-14",  # a Saturday
        "2026-03-15",  # a Sunday
        "2021-01-25",  # one of EXCEPTIONS
    ],
)
def test_day_without_a_session_is_closed_all_day(day):
    assert not sessions.is_session_day(date.fromisoformat(day))
    assert session(sao_paulo(f"{day}T11:00")) == "closed"


@pytest.mark.parametrize(
    "day",
    ["2023-11-20", "2026-01-02", "2026-12-30", "2022-01-25", "2026-07-09", "2026-02-18"],
)
def test_ordinary_day_near_a_holiday_rule_has_a_session(day):
    assert sessions.is_session_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("moment", "part"),
    [
        (f"{WINTER}T09:44:59.999999", "closed"),
        (f"{WINTER}T09:45", "pre_open"),
        (f"{WINTER}T09:59:59.999999", "pre_open"),
        (f"{WINTER}T10:00", "open"),
        (f"{WINTER}T16:55", "open"),
        (f"{WINTER}T17:54:59.999999", "open"),
        (f"{WINTER}T17:55", "closing_call"),
        (f"{WINTER}T17:59:59.999999", "closing_call"),
        (f"{WINTER}T18:00", "closed"),
        (f"{SUMMER}T09:44:59.999999", "closed"),
        (f"{SUMMER}T09:45", "pre_open"),
        (f"{SUMMER}T10:00", "open"),
        (f"{SUMMER}T16:54:59.999999", "open"),
        (f"{SUMMER}T16:55", "closing_call"),
        (f"{SUMMER}T17:00", "closed"),
        (f"{SUMMER}T17:29:59.999999", "closed"),
        (f"{SUMMER}T17:30", "after_market"),
        (f"{SUMMER}T17:59:59.999999", "after_market"),
        (f"{SUMMER}T18:00", "closed"),
        (f"{ASH_WEDNESDAY}T10:00", "closed"),
        (f"{ASH_WEDNESDAY}T12:44:59.999999", "closed"),
        (f"{ASH_WEDNESDAY}T12:45", "pre_open"),
        (f"{ASH_WEDNESDAY}T12:59:59.999999", "pre_open"),
        (f"{ASH_WEDNESDAY}T13:00", "open"),
        (f"{ASH_WEDNESDAY}T17:55", "closing_call"),
        (f"{ASH_WEDNESDAY}T18:00", "closed"),
    ],
)
def test_session_changes_exactly_at_its_boundaries(moment, part):
    assert session(sao_paulo(moment)) == part


@pytest.mark.parametrize(
    ("last_standard", "first_daylight"),
    [("2026-03-06", "2026-03-09"), ("2025-03-07", "2025-03-10"), ("2027-03-12", "2027-03-15")],
)
def test_hours_follow_new_york_in_march(last_standard, first_daylight):
    assert session(sao_paulo(f"{last_standard}T17:10")) == "open"
    assert session(sao_paulo(f"{first_daylight}T17:10")) == "closed"
    assert session(sao_paulo(f"{first_daylight}T17:40")) == "after_market"


def test_hours_follow_new_york_in_november():
    assert session(sao_paulo("2026-10-30T17:40")) == "after_market"
    assert session(sao_paulo("2026-11-03T17:40")) == "open"


def test_session_accepts_any_time_zone():
    assert session(datetime(2026, 1, 14, 13, 0, tzinfo=UTC)) == "open"
    assert session(datetime(2026, 1, 14, 12, 59, tzinfo=UTC)) == "pre_open"
    # Still Friday evening in São Paulo, Saturday in UTC.
    assert session(datetime(2026, 1, 17, 0, 30, tzinfo=UTC)) == "closed"


def test_naive_time_is_refused():
    with pytest.raises(ValueError, match="aware"):
        session(datetime(2026, 1, 14, 13, 0))  # noqa: DTZ001 - the subject of the test


def test_trading_includes_every_phase_except_closed():
    moments = [
        f"{SUMMER}T{hour}" for hour in ("09:50", "12:00", "16:57", "17:20", "17:45", "18:00")
    ]

    trading = [sessions.is_trading(sao_paulo(moment)) for moment in moments]

    assert trading == [True, True, True, False, True, False]


def test_schedule_returns_the_hours_of_a_day():
    hours = sessions.schedule(date.fromisoformat(SUMMER))

    assert hours == sessions.Hours(
        pre_open=sao_paulo(f"{SUMMER}T09:45"),
        open=sao_paulo(f"{SUMMER}T10:00"),
        closing_call=sao_paulo(f"{SUMMER}T16:55"),
        close=sao_paulo(f"{SUMMER}T17:00"),
        after_market=sao_paulo(f"{SUMMER}T17:30"),
        after_market_close=sao_paulo(f"{SUMMER}T18:00"),
    )
    assert sessions.schedule(date(2026, 12, 25)) is None


def test_exception_overrides_the_rule(monkeypatch):
    christmas, plain = date(2026, 12, 25), date.fromisoformat(WINTER)
    hours = sessions.Hours(
        pre_open=sao_paulo("2026-12-25T11:45"),
        open=sao_paulo("2026-12-25T12:00"),
        closing_call=sao_paulo("2026-12-25T13:55"),
        close=sao_paulo("2026-12-25T14:00"),
    )
    monkeypatch.setattr(sessions, "EXCEPTIONS", {christmas: hours, plain: None})

    assert session(sao_paulo("2026-12-25T12:00")) == "open"
    assert session(sao_paulo("2026-12-25T14:00")) == "closed"
    assert session(sao_paulo(f"{WINTER}T12:00")) == "closed"
    assert not sessions.is_session_day(plain)


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        ("2026-03-10", "2026-03-09", "2026-03-11"),
        ("2026-03-09", "2026-03-06", "2026-03-10"),  # over a weekend
        ("2026-02-18", "2026-02-13", "2026-02-19"),  # over Carnival
        ("2026-12-26", "2026-12-23", "2026-12-28"),
        ("2026-12-31", "2026-12-30", "2027-01-04"),  # over the year's end
    ],
)
def test_neighbouring_session_days_skip_closed_days(day, before, after):
    assert sessions.previous_session_day(date.fromisoformat(day)) == date.fromisoformat(before)
    assert sessions.next_session_day(date.fromisoformat(day)) == date.fromisoformat(after)


@pytest.mark.parametrize(
    ("moment", "opens_at"),
    [
        (f"{WINTER}T09:59:59", f"{WINTER}T10:00"),
        (f"{WINTER}T10:00", "2026-01-15T10:00"),
        ("2026-01-16T18:00", "2026-01-19T10:00"),
        ("2026-02-17T12:00", f"{ASH_WEDNESDAY}T13:00"),
        ("2026-12-30T19:00", "2027-01-04T10:00"),
    ],
)
def test_next_open_is_after_the_given_time(moment, opens_at):
    assert sessions.next_open(sao_paulo(moment)) == sao_paulo(opens_at)


@pytest.mark.parametrize(
    ("moment", "closed_at"),
    [
        (f"{SUMMER}T17:00", f"{SUMMER}T17:00"),
        (f"{SUMMER}T16:59:59", "2026-07-14T17:00"),
        ("2026-03-09T09:00", "2026-03-06T18:00"),
        ("2026-02-18T12:00", "2026-02-13T18:00"),
    ],
)
def test_last_close_is_not_after_the_given_time(moment, closed_at):
    assert sessions.last_close(sao_paulo(moment)) == sao_paulo(closed_at)


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (2000, date(2000, 4, 23)),
        (2008, date(2008, 3, 23)),
        (2022, date(2022, 4, 17)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
        (2049, date(2049, 4, 18)),
        (2076, date(2076, 4, 19)),
    ],
)
def test_easter_matches_published_dates(year, sunday):
    assert sessions.easter(year) == sunday


@given(st.datetimes(datetime(2022, 1, 1), datetime(2027, 12, 20)))  # noqa: DTZ001 - made aware below
def test_session_last_close_and_next_open_are_consistent(moment):
    at = moment.replace(tzinfo=UTC)

    assert sessions.last_close(at) <= at < sessions.next_open(at)
    assert session(sessions.next_open(at)) == "open"
    if sessions.is_trading(at):
        assert sessions.is_session_day(sessions.sao_paulo_day(at))


# Exceptions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "part"),
    [
        ("2026-01-16T18:00", "closed"),  # an expiry day while New York is on standard time
        ("2026-01-16T19:24:59", "closed"),
        ("2026-01-16T19:25", "after_market"),
        ("2026-01-16T19:40", "closed"),
        ("2026-01-15T19:25", "closed"),
        ("2026-07-17T17:30", "closed"),  # and on daylight saving time
        ("2026-07-17T18:25", "after_market"),
        ("2026-07-17T18:40", "closed"),
        ("2026-07-16T17:30", "after_market"),
        ("2021-10-15T17:30", "after_market"),  # before the rule is known
    ],
)
def test_after_market_is_later_on_expiry_days(moment, part):
    assert session(sao_paulo(moment)) == part


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ((2026, 1), 16),
        ((2026, 11), 19),  # the third Friday is a holiday
        ((2024, 11), 14),  # the third Friday is one, and the day before is none
        ((2019, 4), 18),  # before Good Friday
    ],
)
def test_options_expire_on_the_third_friday_or_the_session_before(month, day):
    year, number = month
    assert sessions.options_expiry(year, number) == date(year, number, day)


@pytest.mark.parametrize(
    ("kind", "moment", "part"),
    [
        ("ON", f"{WINTER}T18:00", "closed"),
        ("BDR", f"{WINTER}T18:04:59", "closing_call"),
        ("BDR", f"{WINTER}T18:05", "closed"),
        ("ETF", f"{WINTER}T18:14:59", "closing_call"),
        ("ETF", f"{WINTER}T18:15", "closed"),
        ("ETF", f"{SUMMER}T17:14:59", "closing_call"),
        ("ETF", f"{SUMMER}T10:04:59", "pre_open"),
        ("ETF", "2026-12-25T11:00", "closed"),
    ],
)
def test_some_papers_trade_longer(kind, moment, part):
    assert session(sao_paulo(moment), kind) == part


def test_prices_can_change_as_long_as_any_paper_trades():
    moments = [f"{WINTER}T18:14:59", f"{WINTER}T18:15"]

    assert [sessions.is_trading(sao_paulo(moment)) for moment in moments] == [True, False]


def test_every_exception_names_its_source():
    assert all(longer.source for longer in sessions.LONGER_HOURS.values())
