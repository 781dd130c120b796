"""Quantities and prices under a former code of another ratio are refused."""

import pytest

from mainapp.alerts.models import Alert
from mainapp.market.tests.factories import CorporateEventFactory, StockFactory
from mainapp.portfolio.models import Carteira

BODIES = {
    "/api/v1/carteira/": {"ativo": "vvar3f", "quantidade": "10", "preco_medio": "5"},
    "/api/v1/alerts/": {"ativo": "VVAR3", "compra": "5"},
    "/api/v1/alerts/create/": {"stock": "VVAR3", "target_price": "5"},
    "/create-alert/": {"ativo": "VVAR3", "compra": "5", "hold_minutes": 0, "duracao": 5},
}


@pytest.fixture
def former(db):
    new = StockFactory(symbol="BHIA3")
    return StockFactory(symbol="VVAR3", is_active=False, renamed_to=new)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(("ratio", "ended"), [("0.04", False), (None, False), (None, True)])
def test_amounts_under_a_former_code_are_not_guessed(alice, client, former, path, ratio, ended):
    CorporateEventFactory(stock=former, successor=former.renamed_to, ratio=ratio)
    if ended:  # GOLL4 became GOLL54, which ended
        former.renamed_to.is_active = False
        former.renamed_to.save()
    client.force_login(alice)
    kind = "application/json" if path.startswith("/api") else None
    options = {"content_type": kind} if kind else {}
    answer = client.post(path, BODIES[path], **options)

    assert answer.status_code == (400 if kind else 200)
    assert "VVAR3 virou BHIA3" in answer.content.decode() or ended
    assert not Carteira.objects.exists()
    assert not Alert.objects.exists()


def test_amounts_under_a_former_code_of_the_same_ratio_are_todays(alice, client, former):
    CorporateEventFactory(stock=former, successor=former.renamed_to, ratio=1)
    client.force_login(alice)
    for path in ("/api/v1/carteira/", "/api/v1/alerts/"):
        answer = client.post(path, BODIES[path], content_type="application/json")
        assert (answer.status_code, answer.json()["ativo"]) == (201, "BHIA3")
