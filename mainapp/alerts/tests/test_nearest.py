from datetime import timedelta
from decimal import Decimal

import pytest

from mainapp.alerts.models import Alert
from mainapp.alerts.selectors.nearest import nearest_limits
from mainapp.alerts.tests.factories import make_alert, record
from mainapp.market.tests.factories import NOON, StockFactory

pytestmark = pytest.mark.django_db


def near(user, *, at=NOON, size=4):
    return [(row.symbol, row.kind, row.limit) for row in nearest_limits(user, at=at, size=size)]


@pytest.fixture
def prices():
    for symbol in ("PETR4", "VALE3"):
        StockFactory(symbol=symbol)
    record("36.00", symbol="PETR4")
    record("60.00", symbol="VALE3", previous_close="60.00")


def test_nearest_limit_of_each_alert_comes_first(alice, prices):
    make_alert(alice, "VALE3", compra="57.00", venda="61.00")
    make_alert(alice, "PETR4", venda="36.10")

    assert near(alice) == [
        ("PETR4", "venda", Decimal("36.10")),
        ("VALE3", "venda", Decimal("61.00")),
    ]
    assert near(alice, size=1) == [("PETR4", "venda", Decimal("36.10"))]


def test_nearest_of_two_far_limits_comes_first(alice, prices):
    make_alert(alice, "VALE3", compra="20.00", venda="70.00")

    assert near(alice) == [("VALE3", "venda", Decimal("70.00"))]


def test_only_the_users_own_active_alerts_count(alice, bob, prices):
    make_alert(bob, venda="36.10")
    make_alert(alice, venda="37.00")
    Alert.objects.filter(owner=alice).update(status=Alert.Status.PAUSED)
    make_alert(alice, venda="38.00", duracao=1)

    assert near(alice, at=NOON + timedelta(days=2)) == []
    assert near(alice) == [("PETR4", "venda", Decimal("38.00"))]


def test_limit_that_waits_for_the_price_to_come_back_is_skipped(alice, prices):
    make_alert(alice, venda="35.00")

    assert near(alice) == []


def test_alert_without_a_price_comes_last(alice, prices):
    make_alert(alice, "ABEV3", venda="15.00")
    make_alert(alice, venda="50.00")

    assert [symbol for symbol, *_ in near(alice)] == ["PETR4", "ABEV3"]


@pytest.mark.parametrize("count", [1, 12])
def test_nearest_alerts_cost_three_queries(alice, prices, django_assert_num_queries, count):
    for n in range(count):
        make_alert(alice, venda=f"{37 + n}.00")

    with django_assert_num_queries(3):
        nearest_limits(alice, at=NOON, size=4)
