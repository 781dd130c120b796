from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainapp.alerts.conditions import (
    EVERY_PERIOD,
    KINDS,
    PERIODS,
    Observation,
    State,
    Terms,
    advance,
    due_periods,
    end_of,
    measures,
    period_bit,
    wake,
)

TEN = datetime(2026, 3, 4, 13, 0, tzinfo=UTC)  # 10:00 in São Paulo


def observation(price="36.00", pct="0.00", minutes=0.0, at=TEN):
    change = None if pct is None else Decimal(pct)
    return Observation(price=Decimal(price), change_pct=change, at=at + timedelta(minutes=minutes))


def terms(kind="compra", limit="36.00", **more):
    return Terms(kind=kind, limit=Decimal(limit), **more)


ARMED = State("armed")


def run(condition, *observations, state=ARMED, last_fired_at=None):
    """Return the positions of the observations on which a condition fires."""
    fired = []
    for number, observed in enumerate(observations):
        state, fires = advance(condition, state, observed, last_fired_at=last_fired_at)
        if fires:
            fired.append(number)
            last_fired_at = observed.at
    return fired


@pytest.mark.parametrize(
    ("kind", "limit", "near", "on", "past"),
    [
        ("compra", "36.00", observation("36.01"), observation("36.00"), observation("35.99")),
        ("venda", "40.00", observation("39.99"), observation("40.00"), observation("40.01")),
        (
            "change_up_pct",
            "2.50",
            observation(pct="2.49"),
            observation(pct="2.50"),
            observation(pct="2.51"),
        ),
        (
            "change_down_pct",
            "2.50",
            observation(pct="-2.49"),
            observation(pct="-2.50"),
            observation(pct="-2.51"),
        ),
    ],
)
def test_condition_fires_on_reaching_its_limit(kind, limit, near, on, past):
    condition = terms(kind, limit)

    assert run(condition, near) == []
    assert run(condition, on) == [0]
    assert run(condition, past) == [0]


def test_condition_fires_once_while_it_stays_beyond():
    assert run(
        terms(),
        observation("36.10"),
        observation("35.90"),
        observation("35.00"),
        observation("35.90"),
    ) == [1]


def test_condition_rearms_half_a_percent_back_inside():
    just_short, enough = observation("36.17"), observation("36.18")

    assert run(terms(), observation("36.00"), just_short, observation("36.00")) == [0]
    assert run(terms(), observation("36.00"), enough, observation("36.00")) == [0, 2]


def test_rearm_of_a_days_change_is_in_percentage_points():
    condition = terms("change_up_pct", "3.00", rearm_pct=Decimal("0.5"))

    assert run(
        condition, observation(pct="3.00"), observation(pct="2.51"), observation(pct="3.00")
    ) == [0]
    assert run(
        condition, observation(pct="3.00"), observation(pct="2.50"), observation(pct="3.00")
    ) == [
        0,
        2,
    ]


def test_rearm_of_zero_still_needs_one_tick():
    condition = terms(rearm_pct=Decimal(0))

    assert run(condition, observation("36.00"), observation("36.00"), observation("36.00")) == [0]
    assert run(condition, observation("36.00"), observation("36.01"), observation("36.00")) == [
        0,
        2,
    ]


def test_crossings_during_the_cooldown_are_dropped():
    condition = terms(cooldown_minutes=10)
    observations = [
        observation("36.00"),
        observation("37.00", minutes=1),
        observation("36.00", minutes=9.9),
    ]

    assert run(condition, *observations, observation("36.00", minutes=10)) == [0]
    assert run(
        condition, *observations, observation("37.00", minutes=11), observation("36.00", minutes=12)
    ) == [0, 4]


def test_cooldown_ends_exactly_after_its_minutes():
    observations = [
        observation("36.00"),
        observation("37.00", minutes=1),
        observation("36.00", minutes=10),
    ]

    assert run(terms(cooldown_minutes=10), *observations) == [0, 2]


def test_hold_fires_after_the_price_stayed_beyond_long_enough():
    condition = terms(hold_minutes=5)

    assert run(condition, observation("36.00"), observation("35.90", minutes=4.99)) == []
    assert run(condition, observation("36.00"), observation("35.90", minutes=5)) == [1]


def test_hold_restarts_after_any_quote_on_the_near_side():
    observations = [
        observation("36.00"),
        observation("36.01", minutes=3),
        observation("36.00", minutes=4),
    ]

    assert run(terms(hold_minutes=5), *observations, observation("35.90", minutes=8.9)) == []
    assert run(terms(hold_minutes=5), *observations, observation("35.90", minutes=9)) == [3]


def test_hold_restarts_with_the_next_session():
    next_day = 24 * 60
    observations = [observation("36.00"), observation("36.00", minutes=next_day)]

    assert (
        run(terms(hold_minutes=5), *observations, observation("36.00", minutes=next_day + 4)) == []
    )
    assert run(
        terms(hold_minutes=5), *observations, observation("36.00", minutes=next_day + 5)
    ) == [2]


def test_hold_that_began_on_a_clock_that_ran_ahead_restarts():
    holding = State("holding", since=TEN + timedelta(hours=1))
    condition = terms(hold_minutes=5)

    assert run(condition, observation(), observation(minutes=5), state=holding) == [1]


def test_cooldown_of_a_firing_of_the_future_is_over():
    condition = terms(cooldown_minutes=60)

    assert run(condition, observation(), last_fired_at=TEN + timedelta(hours=1)) == [0]


def test_alert_created_beyond_its_limit_waits_for_the_next_crossing():
    observations = [
        observation("35.00"),
        observation("35.50"),
        observation("36.01"),
        observation("36.00"),
    ]

    assert run(terms(), *observations, state=State("new")) == [3]


def test_alert_created_beyond_its_limit_fires_at_once_if_chosen():
    assert run(terms(fires_if_beyond=True), observation("35.00"), state=State("new")) == [0]


def test_change_of_the_day_needs_a_previous_close():
    assert run(terms("change_up_pct", "2.00"), observation(pct=None), observation(pct="2.00")) == [
        1
    ]


def test_observations_are_the_first_quotes_of_slots_counted_from_midnight():
    def is_due(minutes, seconds, last_minutes, last_seconds):
        at = TEN + timedelta(minutes=minutes, seconds=seconds)
        last_at = TEN + timedelta(minutes=last_minutes, seconds=last_seconds)
        bits = due_periods(at, last_at)
        return [n for n in PERIODS if bits & period_bit(n)]

    assert is_due(0, 30, 0, 10) == [0]
    assert is_due(1, 0, 0, 50) == [0, 1]
    assert is_due(2, 0, 1, 59) == [0, 1, 2]
    assert is_due(15, 0, 14, 59) == [0, 1, 5, 15]
    # 10:30 begins the eighth slot of 90 minutes; 10:00 begins no slot.
    assert is_due(0, 0, -1, 59) == [0, 1, 2, 5, 15, 30, 60]
    assert is_due(30, 0, 29, 59) == [0, 1, 2, 5, 15, 30, 90]
    assert is_due(24 * 60, 0, 0, 0) == list(PERIODS)


def test_first_quote_is_an_observation_for_every_period():
    assert due_periods(TEN, None) == EVERY_PERIOD


def test_slots_restart_at_midnight_in_sao_paulo():
    midnight = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)

    assert due_periods(midnight, midnight - timedelta(seconds=1)) == EVERY_PERIOD


@pytest.mark.parametrize(
    ("days", "end"), [(1, (2026, 3, 4)), (15, (2026, 3, 18)), (365, (2027, 3, 3))]
)
def test_duration_ends_with_the_last_second_of_its_last_day(days, end):
    assert end_of(date(2026, 3, 4), days).isoformat() == f"{date(*end)}T23:59:59-03:00"


prices = st.decimals("30", "45", places=2)
changes = st.none() | st.decimals("-9", "9", places=2)
states = st.one_of(
    st.sampled_from(["new", "armed", "beyond", "fired"]).map(State),
    st.integers(0, 90).map(lambda minutes: State("holding", TEN - timedelta(minutes=minutes))),
)


@given(
    kind=st.sampled_from(KINDS),
    limit=st.decimals("0.5", "45", places=2),
    hold=st.sampled_from([0, 5, 30]),
    rearm=st.decimals("0", "5", places=2),
    state=states,
    price=prices,
    change=changes,
)
def test_quote_that_does_not_wake_a_condition_changes_nothing(
    kind, limit, hold, rearm, state, price, change
):
    condition = Terms(kind=kind, limit=limit, hold_minutes=hold, rearm_pct=rearm)
    observed = Observation(price=price, change_pct=change, at=TEN)
    measure, level = wake(condition, state)
    value = measures(observed).get(measure)

    if value is None or (level is not None and value < level):
        assert advance(condition, state, observed) == (state, False)
    elif level is not None:
        assert advance(condition, state, observed)[0] != state
