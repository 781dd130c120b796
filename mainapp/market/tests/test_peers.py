import pytest

from mainapp.market.selectors.peers import PEERS_SHOWN, peers_of
from mainapp.market.tests.factories import LastQuoteFactory, StockFactory

pytestmark = pytest.mark.django_db


def oil(symbol, **fields):
    return StockFactory(symbol=symbol, sector="Petróleo, Gás e Biocombustíveis", **fields)


def test_peers_are_one_paper_of_each_other_company_the_commonest_first():
    petr4 = oil("PETR4")
    oil("PETR3", rank=1)
    oil("PRIO3", rank=3)
    oil("VBBR3", rank=2)
    oil("VBBR4", rank=4)
    oil("GONE3", rank=1, is_active=False)
    oil("XOMB34", rank=1)
    StockFactory(symbol="VALE3", sector="Materiais Básicos", rank=1)

    assert [peer.symbol for peer in peers_of(petr4)] == ["VBBR3", "PRIO3"]


def test_peers_of_a_fund_are_of_its_kind():
    fund = StockFactory(symbol="HGLG11", kind="FII", sector="Logística")
    StockFactory(symbol="XPLG11", kind="FII", sector="Logística")
    StockFactory(symbol="LOGG3", kind="ON", sector="Logística")

    assert [peer.symbol for peer in peers_of(fund)] == ["XPLG11"]


def test_stock_without_a_sector_has_no_peers(django_assert_num_queries):
    StockFactory(symbol="VALE3")
    with django_assert_num_queries(0):
        assert peers_of(StockFactory.build(symbol="PETR4", sector="")) == []


@pytest.mark.parametrize("count", [1, 3, PEERS_SHOWN + 1])
def test_peers_need_three_queries(count, django_assert_num_queries):
    petr4 = oil("PETR4")
    for number in range(count):
        LastQuoteFactory(stock=oil(f"XAA{'ABCDEFGH'[number]}3"))
    with django_assert_num_queries(3):
        peers = peers_of(petr4)
    assert len(peers) == min(count, PEERS_SHOWN)
    assert peers[0].price is not None


def test_peer_without_a_quote_is_named():
    oil("PRIO3", name="Prio ON")
    (peer,) = peers_of(oil("PETR4"))
    assert (peer.symbol, peer.name, peer.price) == ("PRIO3", "Prio ON", None)
