"""The kinds of quotes: real, simulated and replayed ones never mix."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert, Condition
from mainapp.alerts.services.alerts import create_alert
from mainapp.core.tests.migrating import migrated_to
from mainapp.market.models import Candle, LastQuote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import CandleFactory, LastQuoteFactory, StockFactory
from mainapp.market.tests.quotes import NOON, make_quote

BEFORE = [
    ("market", "0011_corporate_events"),
    ("alerts", "0004_prices_of_eight_places"),
    ("ideas", "0002_prices_of_eight_places"),
]
PRICES = {"real": "38.42", "simulated": "11.00", "replay": "22.00"}


@pytest.mark.django_db
def test_each_kind_has_its_own_rows_and_refuses_quotes_of_the_others(settings):
    StockFactory(symbol="PETR4")
    for number, kind in enumerate([*PRICES, *PRICES]):
        settings.QUOTE_KIND = kind
        at = NOON + timedelta(seconds=number)
        quotes = [
            make_quote(price=price, kind=each, quoted_at=at) for each, price in PRICES.items()
        ]
        recorded = record_quotes(quotes=quotes, at=at)
        assert [quote.kind for quote in recorded.quotes] == [kind]
        assert {reason for _source, reason in recorded.rejected} == {"foreign"}

    assert LastQuote.objects.count() == len(PRICES)
    for kind, price in PRICES.items():
        settings.QUOTE_KIND = kind
        assert [(q.price, q.kind) for q in last_quotes().values()] == [(Decimal(price), kind)]
        closes = Candle.objects.filter(kind=kind).values_list("close", flat=True)
        assert set(closes) == {Decimal(price)}


@pytest.mark.django_db
def test_rows_also_say_what_processes_of_the_last_version_read():
    stock = StockFactory(symbol="PETR4")
    for kind in PRICES:
        LastQuoteFactory(stock=stock, kind=kind)
    assert set(LastQuote.objects.values_list("kind", "simulated")) == {
        ("real", False),
        ("simulated", True),
        ("replay", None),
    }


@pytest.mark.timeout(180)  # migrations of all features
@pytest.mark.django_db(transaction=True)
def test_rows_of_the_last_version_are_migrated_with_their_kind():
    stock, owner = StockFactory(symbol="PETR4"), User.objects.create_user("alice")
    for kind in PRICES:
        CandleFactory(stock=stock, kind=kind, source=kind, starts_at=NOON)
        fields = {"ativo": stock, "compra": Decimal("1.00")}
        create_alert(owner=owner, fields=fields, quote_kind=kind, at=NOON)
    with migrated_to(BEFORE) as apps:
        conditions = apps.get_model("alerts", "Condition").objects.values_list("simulated")
        assert sorted(conditions) == [(False,), (True,)]
        candles = apps.get_model("market", "Candle").objects
        assert set(candles.values_list("source", "simulated")) == {
            ("real", False),
            ("simulated", True),
        }
        # A replay was a simulated market.
        later = candles.get(simulated=True)
        later.pk, later.source, later.starts_at = None, "replay", NOON + timedelta(minutes=1)
        later.save()
    assert set(Candle.objects.values_list("source", "kind", "simulated")) == {
        ("real", "real", False),
        ("simulated", "simulated", True),
        ("replay", "replay", None),
    }
    assert set(Alert.objects.values_list("quote_kind", flat=True)) == {"real", "simulated"}
    assert set(Condition.objects.values_list("quote_kind", "simulated")) == {
        ("real", False),
        ("simulated", True),
    }
