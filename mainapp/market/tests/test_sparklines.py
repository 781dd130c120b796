import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template

from mainapp.market.models import Candle
from mainapp.market.rendering import Paths, area_chart, round_prices, spark_paths, thin
from mainapp.market.selectors.candles import sparkline_points
from mainapp.market.tests.factories import NOON, CandleFactory, LastQuoteFactory, StockFactory

POINTS = [(0, "10.00"), (600, "12.00"), (1200, "11.00")]
TEMPLATE = Template("{% load sparklines %}{% sparkline points base %}")
AT_NOON = int(NOON.timestamp())


def minute(stock, at, close, **extra):
    CandleFactory(
        stock=stock, interval=Candle.Interval.MINUTE, starts_at=at, close=Decimal(close), **extra
    )


def rendered(points, base):
    return TEMPLATE.render(Context({"points": points, "base": base}))


def test_line_area_and_base_fill_the_box():
    assert spark_paths(POINTS, base=Decimal(9), width=100, height=34) == Paths(
        line="M0.0 22.0L50.0 2.0L100.0 12.0",
        area="M0.0 22.0L50.0 2.0L100.0 12.0V34H0Z",
        base="M0 32.0H100",
    )


def test_without_a_base_the_line_fills_the_box():
    assert spark_paths(POINTS, base=None, width=100, height=24) == Paths(
        line="M0.0 22.0L50.0 2.0L100.0 12.0", area="M0.0 22.0L50.0 2.0L100.0 12.0V24H0Z"
    )


@pytest.mark.parametrize("points", [[], POINTS[:1]])
def test_one_point_draws_no_line(points):
    assert spark_paths(points, base=Decimal(9), width=100, height=28) == Paths()


def test_flat_day_is_a_line_in_the_middle():
    flat = [(0, "10.00"), (300, "10.00")]

    assert spark_paths(flat, base=Decimal(10), width=96, height=28).line == "M0.0 14.0L96.0 14.0"


def test_sparkline_of_a_calm_day_is_calm():
    points = [(0, "10.00"), (300, "10.01"), (600, "10.00")]

    paths = spark_paths(points, base=Decimal(10), width=96, height=28)

    assert paths.line == "M0.0 14.8L48.0 13.2L96.0 14.8"  # 0.1 % of a range of at least 1.5 %


def test_sparkline_has_the_last_price_of_each_slot():
    points = [(at, "10.00") for at in range(0, 24_000, 60)]

    times = [at for at, _price in thin(points)]

    assert times == [0, 540, *range(1140, 24_000, 600)]


@pytest.mark.parametrize(
    ("base", "direction"), [("10.50", "up"), ("11.50", "down"), ("11.00", "flat")]
)
def test_sparkline_has_the_direction_of_the_last_point(base, direction):
    html = rendered(POINTS, Decimal(base))

    assert f'class="spark {direction}"' in html
    assert html.count("<path") == 3


@pytest.mark.parametrize("points", [[], None])
def test_sparkline_without_points_keeps_its_size(points):
    html = rendered(points, None)

    assert 'class="spark flat" viewBox="0 0 96 28"' in html
    assert re.findall(r' d="(.*?)"', html) == ["", "", ""]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 12])
def test_points_of_all_quotes_need_one_query(count, django_assert_num_queries):
    stocks = [StockFactory() for _ in range(count)]
    quotes = [LastQuoteFactory(stock=stock).to_quote() for stock in stocks]
    for stock in stocks:
        minute(stock, NOON - timedelta(minutes=10), "38.00")
        minute(stock, NOON - timedelta(minutes=7), "1.00")  # between two points
        minute(stock, NOON - timedelta(minutes=10), "2.00", kind="real")
        minute(stock, NOON - timedelta(days=1), "3.00")

    with django_assert_num_queries(1):
        points = sparkline_points(quotes)

    assert points == {
        stock.symbol: [(AT_NOON - 600, "38.00"), (AT_NOON, "38.42")] for stock in stocks
    }


@pytest.mark.django_db
def test_quote_of_an_earlier_day_has_no_points():
    new, old = StockFactory(), StockFactory()
    quotes = [
        LastQuoteFactory(stock=new).to_quote(),
        LastQuoteFactory(stock=old, quoted_at=NOON - timedelta(days=1)).to_quote(),
    ]
    minute(old, NOON - timedelta(days=1), "38.00")

    assert sparkline_points(quotes) == {new.symbol: [(AT_NOON, "38.42")], old.symbol: []}


def test_no_quotes_need_no_query():
    assert sparkline_points([]) == {}


@pytest.mark.parametrize(
    ("low", "high", "prices"),
    [
        (100, 104, ["100", "101", "102", "103", "104"]),
        (167_989, 171_654, ["168000", "169000", "170000", "171000"]),
        (9.97, 10.02, ["9.98", "10.00", "10.02"]),
        (0, 1, ["0", "0.5", "1.0"]),
    ],
)
def test_levels_are_round_prices(low, high, prices):
    assert [f"{price:f}" for price in round_prices(low, high)] == prices


def test_area_chart_has_levels_and_times():
    points = [(AT_NOON, "100"), (AT_NOON + 600, "104"), (AT_NOON + 8000, "102")]

    chart = area_chart(points, base=Decimal(101), by_time=True)

    assert chart.levels[0] == ("99.3%", Decimal(100))
    assert chart.levels[-1] == ("0.7%", Decimal(104))
    assert [(place, int(at.timestamp()) - AT_NOON) for place, at in chart.moments] == [
        ("22.5%", 1800),
        ("45.0%", 3600),
        ("67.5%", 5400),
        ("90.0%", 7200),
    ]
    assert (chart.low, chart.high) == (Decimal(100), Decimal(104))
    assert chart.paths.base == "M0 224.0H1000"
    assert (chart.last_at, chart.base_at) == ("50.0%", "74.7%")


def test_area_chart_of_one_moment_is_drawn():
    chart = area_chart([(AT_NOON, "100"), (AT_NOON, "104")], base=None, by_time=True)

    assert chart.paths.line == "M0.0 298.0L0.0 2.0"


def test_area_chart_of_days_shows_the_times_of_its_points():
    chart = area_chart([(n, str(n)) for n in (0, 9, 100)], base=None, by_time=False)

    assert chart.paths.line.startswith("M0.0 298.0L500.0 ")  # side by side
    assert [at.timestamp() for _, at in chart.moments] == [0, 9, 9, 9, 100]


@pytest.mark.parametrize("points", [[], POINTS[:1]])
def test_area_chart_without_points_is_empty(points):
    chart = area_chart(points, base=None, by_time=True)

    assert (chart.paths, chart.levels, chart.moments) == (Paths(), (), ())


@pytest.mark.parametrize(
    ("points", "base", "change"),
    [(POINTS, Decimal(8), Decimal("37.5")), (POINTS, None, Decimal(10)), ([], None, None)],
)
def test_change_of_a_chart_is_from_its_base_or_its_first_point(points, base, change):
    assert area_chart(points, base=base, by_time=True).change_pct == change


def test_area_chart_of_a_flat_day_has_levels():
    chart = area_chart([(0, "10"), (60, "10")], base=None, by_time=True)

    assert chart.levels[0] == ("99.3%", Decimal(10))
