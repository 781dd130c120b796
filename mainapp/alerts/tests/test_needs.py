"""Tests of the symbols that alerts keep polled."""

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.selectors.needs import needed_symbols
from mainapp.alerts.tests.factories import make_alert
from mainapp.market.models import Stock


@pytest.mark.django_db
def test_alerts_need_their_stocks_until_these_end():
    alice = User.objects.create_user("alice")
    for symbol in ("PETR4", "CIEL3"):
        make_alert(alice, symbol, at=timezone.now(), compra="30.00")
    assert needed_symbols() == {"PETR4", "CIEL3"}

    Stock.objects.filter(symbol="CIEL3").update(is_active=False)

    assert needed_symbols() == {"PETR4"}
