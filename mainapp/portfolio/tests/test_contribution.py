import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainapp.market.tests.quotes import make_quote
from mainapp.portfolio.allocation import Reason, deviation, next_contribution
from mainapp.portfolio.allocation.search import MAX_NODES, Search
from mainapp.portfolio.allocation.units import Candidate, cost_of
from mainapp.portfolio.valuation import Holding, value_rows

D = Decimal


def rows(*held):
    """Return valued rows of (price or None, quantity, nota, *lot)."""
    holdings, quotes = [], {}
    for n, (price, quantity, nota, *lot) in enumerate(held):
        symbol = f"AA{n // 26:X}{chr(65 + n % 26)}3"
        holdings.append(
            Holding(
                symbol=symbol,
                quantidade=D(quantity),
                preco_medio=D(1),
                nota=nota,
                lot=lot[0] if lot else 100,
            )
        )
        if price is not None:
            quotes[symbol] = make_quote(symbol, str(price))
    return value_rows(holdings, quotes).rows


def test_stock_that_is_no_longer_traded_is_not_bought():
    traded, ended = rows((10, 0, 5), (10, 0, 5))
    ended = replace(ended, holding=replace(ended.holding, is_traded=False))

    plan = next_contribution([traded, ended], D(100))

    assert bought(plan) == {traded.holding.symbol: 10}


def bought(plan):
    return {buy.symbol: buy.shares for buy in plan.buys}


def brute_force(held, cash, step=lambda row: 1):
    """Return the least deviation of all affordable purchases, by trying each."""
    rows_to_buy = [row for row in held if row.has_quote]
    notas = sum(row.holding.nota for row in rows_to_buy)
    whole = sum(row.total for row in rows_to_buy) + cash
    open_ = [
        int((row.holding.nota * whole - notas * row.total) * 100)
        if notas
        else -int(row.total * 100)
        for row in rows_to_buy
    ]
    units = [int(row.price * 100) * step(row) for row in rows_to_buy]
    factor = notas or 1

    def least(n, left):
        if n == len(units):
            return 0
        return min(
            (open_[n] - number * units[n] * factor) ** 2 + least(n + 1, left - number * units[n])
            for number in range(left // units[n] + 1)
        )

    return Fraction(least(0, int(cash * 100)), (100 * factor) ** 2)


def greedy(held, cash):
    """Repeatedly buy the share that helps most; return the remaining deviation."""
    shares, left, now = {}, cash, deviation(held, cash, {})
    while True:
        steps = []
        for row in held:
            symbol = row.holding.symbol
            if row.has_quote and row.price <= left:
                then = deviation(held, cash, shares | {symbol: shares.get(symbol, 0) + 1})
                if then < now:
                    steps.append((now - then, symbol, row.price, then))
        if not steps:
            return now
        _, symbol, price, now = max(steps)
        shares[symbol] = shares.get(symbol, 0) + 1
        left -= price


def cents(low, high):
    return st.integers(low, high).map(lambda n: D(n).scaleb(-2))


def held_rows(most_rows, *, least_price=1, most_price=900):
    """Return rows some of which have no quote, hold nothing, or far more than their ideal."""
    price = st.one_of(cents(least_price, most_price), cents(least_price, most_price), st.none())
    quantity = st.one_of(st.just(D(0)), cents(0, 3000), st.just(D(10_000)))
    row = st.tuples(price, quantity, st.integers(0, 10))
    return st.lists(row, min_size=1, max_size=most_rows).map(lambda held: rows(*held))


@settings(max_examples=200, deadline=None)
@given(held_rows(4, least_price=300, most_price=3000), cents(0, 7000))
def test_up_to_four_rows_are_optimal(held, cash):
    plan = next_contribution(held, cash)

    assert deviation(held, cash, bought(plan)) == brute_force(held, cash)
    assert plan.spent + plan.left == plan.cash == cash
    assert plan.left >= 0


@settings(max_examples=60, deadline=None)
@given(held_rows(3, least_price=3, most_price=60), cents(0, 7000))
def test_whole_lots_are_optimal(held, cash):
    plan = next_contribution(held, cash, whole_lots=True)

    best = brute_force(held, cash, step=lambda row: row.holding.lot)
    assert deviation(held, cash, bought(plan)) == best
    assert all(buy.shares % 100 == 0 for buy in plan.buys)


@settings(max_examples=80, deadline=None)
@given(held_rows(12, least_price=100), cents(0, 6000))
def test_many_rows_are_never_worse_than_greedy(held, cash):
    reached = deviation(held, cash, bought(next_contribution(held, cash)))

    assert reached <= greedy(held, cash)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10**13), st.integers(1, 10**7)), min_size=2, max_size=4),
    st.integers(0, 10**11),
)
def test_search_ends_for_any_amounts(pairs, budget):
    candidates = [Candidate(str(n), *pair) for n, pair in enumerate(pairs)]
    search = Search(candidates, budget, [0] * len(candidates))

    assert search.nodes <= MAX_NODES
    assert cost_of(candidates, search.best) <= budget


@pytest.mark.parametrize("seed", range(60))
def test_four_rows_with_little_cash_are_optimal(seed):
    chance = random.Random(seed)  # noqa: S311 - the choice of rows is not a secret
    held = rows(
        ("100", 10_000, 1),
        *((D(chance.randint(300, 2500)).scaleb(-2), 0, chance.randint(1, 10)) for _ in range(4)),
    )
    cash = D(chance.randint(2000, 9000)).scaleb(-2)

    reached = deviation(held, cash, bought(next_contribution(held, cash)))
    assert reached == brute_force(held, cash)


@pytest.mark.parametrize("seed", range(40))
def test_many_rows_with_little_cash_are_never_worse_than_greedy(seed):
    chance = random.Random(seed)  # noqa: S311 - the choice of rows is not a secret
    held = rows(
        ("100", 10_000, 1),
        *((D(chance.randint(100, 5000)).scaleb(-2), chance.randint(0, 3), 5) for _ in range(15)),
    )
    cash = D(chance.randint(2000, 30000)).scaleb(-2)

    reached = deviation(held, cash, bought(next_contribution(held, cash)))
    assert reached <= greedy(held, cash)


def test_plan_does_not_depend_on_the_order_of_the_rows():
    held = rows(*[("10.00", 0, 3)] * 4, ("10.00", 90, 3))
    plan = next_contribution(held, D("35"))

    assert bought(plan) == bought(next_contribution(held[::-1], D("35")))
    assert [buy.symbol for buy in plan.buys] == ["AA0A3", "AA0B3", "AA0C3"]


def test_purchases_follow_the_order_of_the_rows():
    held = rows(("5", 0, 1), ("20", 0, 1), ("10", 0, 1))
    plan = next_contribution(held, D("60"))

    assert [(buy.symbol, buy.shares, buy.cost) for buy in plan.buys] == [
        ("AA0A3", 4, D(20)),
        ("AA0B3", 1, D(20)),
        ("AA0C3", 2, D(20)),
    ]
    assert (plan.spent, plan.left, plan.reason) == (D(60), D(0), Reason.BUY)


def test_less_than_a_lot_is_bought_in_the_fractional_market():
    buy = next_contribution(rows(("10", 0, 1)), D("2359.99")).buys[0]

    assert (buy.shares, buy.lot_shares, buy.fractional_shares) == (235, 200, 35)
    assert buy.orders == (("AA0A3", 200), ("AA0A3F", 35))


def test_a_lot_of_one_has_no_fractional_market():
    buy = next_contribution(rows(("10", 0, 1, 1)), D("75")).buys[0]
    assert buy.orders == (("AA0A3", 7),)


def test_rows_above_their_ideal_are_not_bought():
    plan = next_contribution(rows(("10", 100, 1), ("10", 0, 1)), D("500"))
    assert bought(plan) == {"AA0B3": 50}


def test_cash_is_left_rather_than_buying_past_the_ideal():
    plan = next_contribution(rows(("100", 1, 1), ("100", 1, 1)), D("130"))

    assert bought(plan) == {"AA0A3": 1}
    assert plan.left == 30


@pytest.mark.parametrize(
    ("held", "cash", "reason"),
    [
        (rows(), "100", Reason.NO_QUOTE),
        (rows((None, 10, 5)), "100", Reason.NO_QUOTE),
        (rows(("0", 10, 5)), "100", Reason.NO_QUOTE),
        (rows(("10", 10, 5)), "0", Reason.NO_CASH),
        (rows(("10", 10, 5)), "0.009", Reason.NO_CASH),
        (rows(("10", 10, 5)), "-1", Reason.NO_CASH),
        (rows(("10", 10, 0), ("20", 1, 0)), "100", Reason.NO_NOTA),
        (rows(("10", 10, 5), ("20", 1, 5)), "9.99", Reason.TOO_LITTLE),
        (rows(("30", 1, 1), ("30", 1, 1)), "30", Reason.AT_IDEAL),
    ],
)
def test_plan_without_a_purchase_has_a_reason(held, cash, reason):
    plan = next_contribution(held, D(cash))

    assert (plan.buys, plan.spent, plan.reason) == ((), D(0), reason)
    assert plan.left == plan.cash >= 0


def test_single_row_takes_as_much_cash_as_its_price_allows():
    plan = next_contribution(rows(("38.42", "10.5", 1)), D("1000.00"))
    assert (bought(plan), plan.left) == ({"AA0A3": 26}, D("1.08"))


def test_a_billion_reais_in_centavo_shares_is_fast():
    held = rows(("0.01", 0, 1), ("0.01", 0, 2), ("0.03", 0, 3))
    plan = next_contribution(held, D(10**9))

    assert sum(bought(plan).values()) > 6 * 10**10
    assert plan.left <= D("0.02")
    assert deviation(held, D(10**9), bought(plan)) < D("0.001")


def test_many_rows_with_huge_cash_and_tiny_prices_end():
    held = rows(*[(D(1 + n % 7).scaleb(-2), n * 1000, 1 + n % 10) for n in range(200)])
    plan = next_contribution(held, D(10**9))

    assert plan.left < 1
    assert deviation(held, D(10**9), bought(plan)) < 1


def test_far_overweight_row_does_not_block_the_others():
    held = rows(("100", 10**7, 1), ("17", 0, 1), ("23", 0, 1))
    plan = next_contribution(held, D("401"))

    assert plan.left == 0
    assert deviation(held, D("401"), bought(plan)) == brute_force(held, D("401"))


@pytest.mark.parametrize("price", ["0.0149", "0.00005200", "0.00000001", "1.00500001"])
def test_prices_with_parts_of_a_cent_cost_what_they_are_and_never_more_than_the_cash(price):
    held = rows((price, "1", 5), (price, "0", 5))
    plan = next_contribution(held, D("100.00"))

    assert D("99.80") * (D(price) < 1) <= plan.spent <= D("100.00")
    assert plan.left >= 0
    assert plan.buys
    assert all(abs(buy.shares * D(price) - buy.cost) <= D("0.005") for buy in plan.buys)
