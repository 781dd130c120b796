"""Tests of the search for stocks and of its HTML fragment."""

from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.market.selectors.catalogue import search_stocks
from mainapp.market.tests.factories import LastQuoteFactory, StockFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocks():
    StockFactory(symbol="ITUB4", name="Itaú Unibanco")
    StockFactory(symbol="ITSA4", name="Itaúsa")
    StockFactory(symbol="PETR3", name="Petrobras")
    StockFactory(symbol="PETR4", name="Petrobras")
    StockFactory(symbol="RECV3", name="PetroRecôncavo")
    StockFactory(symbol="VBBR3", name="Vibra (ex-Petrobras Distribuidora)")
    StockFactory(symbol="BBAS3", name="Banco do Brasil")
    StockFactory(symbol="CEAB3", name="C&A Modas")
    StockFactory(symbol="RDOR3", name="Rede D'Or")
    StockFactory(symbol="ABEV3", name="100% Malte_e\\Lúpulo")
    StockFactory(symbol="IBOV", name="Ibovespa")
    new = StockFactory(symbol="AXIA3", name="Axia Energia")
    StockFactory(symbol="ELET3", name="Eletrobras", is_active=False, renamed_to=new)
    StockFactory(symbol="CIEL3", name="Cielo", is_active=False)


def search(text, limit=10):
    return [stock.symbol for stock in search_stocks(text, limit)]


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("itau", ["ITSA4", "ITUB4"]),
        ("ITAÚ", ["ITSA4", "ITUB4"]),
        ("itau\u0301 unib", ["ITUB4"]),  # with a combining accent
        ("itub", ["ITUB4"]),
        ("ITUB4", ["ITUB4"]),
        (" petr ", ["PETR3", "PETR4", "RECV3", "VBBR3"]),
        ("petr4", ["PETR4"]),
        ("petr4f", ["PETR4"]),
        ("reconcavo", ["RECV3"]),
        ("concavo", ["RECV3"]),  # inside a word
        ("bras", ["BBAS3", "PETR3", "PETR4", "VBBR3", "AXIA3"]),
        ("banco brasil", ["BBAS3"]),
        ("brasil banco", ["BBAS3"]),
        ("petr4 petrobras", ["PETR4"]),
        ("c&a", ["CEAB3"]),
        ("d\u2019or", ["RDOR3"]),
        ("ibov", ["IBOV"]),
        ("petrobras pn", ["PETR4"]),
        ("on petrobras", ["PETR3", "VBBR3"]),
        ("pn", []),  # a single word is not a kind
        ("elet3", ["AXIA3"]),
        ("ELET", ["AXIA3"]),
        ("eletrobras", ["AXIA3"]),
        ("etr4", []),  # only the start of a ticker matches
        ("ciel", []),
        ("100%", ["ABEV3"]),
        ("%", ["ABEV3"]),
        ("_", ["ABEV3"]),
        ("\\", ["ABEV3"]),
        ("e_l", []),
        ("p%", []),
        ("'", ["RDOR3"]),
        ("", []),
        ("   ", []),
        ("\x00", []),
        ("pe\x00tr4", []),
        ("petr4\x00\n", ["PETR4"]),
        ("\ud800", []),
        ("\U0001f600", []),
    ],
)
@pytest.mark.usefixtures("stocks")
def test_search_returns_matching_stocks(text, symbols):
    assert sorted(search(text)) == sorted(symbols)


def test_search_orders_exact_ticker_then_tickers_then_names():
    StockFactory(symbol="AAAA3", name="Sucos Vale do Rio")
    StockFactory(symbol="VALF3", name="Outra")
    StockFactory(symbol="XVAL3", name="Vale Verde")
    StockFactory(symbol="VALE3", name="Mineradora")
    StockFactory(symbol="VALE5", name="Mineradora")

    assert search("vale") == ["VALE3", "VALE5", "XVAL3", "AAAA3"]
    assert search("vale5") == ["VALE5"]
    assert search("val") == ["VALE3", "VALE5", "VALF3", "XVAL3", "AAAA3"]


@pytest.mark.usefixtures("stocks")
def test_search_orders_whole_words_before_prefixes():
    assert search("itau") == ["ITUB4", "ITSA4"]
    assert search("itausa") == ["ITSA4"]


def test_search_orders_the_commonest_first_among_equals():
    for n in range(12):
        StockFactory(symbol=f"AA{chr(65 + n)}A11", name="Itaú Fundo")
    StockFactory(symbol="ITUB4", name="Itaú Unibanco", rank=2)
    StockFactory(symbol="BBBB3", name="Banco Itaú")

    assert search("itau")[:2] == ["ITUB4", "AAAA11"]
    assert search("itau", limit=20)[-1] == "BBBB3"


def test_search_finds_a_stock_by_its_isin():
    StockFactory(symbol="AAPL34", isin="BRAAPLBDR004")

    assert search("braaplbdr004") == ["AAPL34"]
    assert search("braaplbdr00") == []


@pytest.mark.parametrize("text", ["33.000.167/0001-01", "33000167000101", " 33000167/0001-01 "])
def test_search_finds_stocks_by_their_cnpj(text):
    StockFactory(symbol="PETR4", cnpj="33.000.167/0001-01", rank=1)
    StockFactory(symbol="PETR3", cnpj="33.000.167/0001-01", rank=2)

    assert search(text) == ["PETR4", "PETR3"]
    assert search("33000167000102") == []


def test_search_orders_successor_of_exact_former_ticker_first():
    StockFactory(symbol="AAAA3", name="Elet3ronica")
    new = StockFactory(symbol="AXIA3", name="Axia")
    StockFactory(symbol="ELET3", is_active=False, renamed_to=new)

    assert search("elet3") == ["AXIA3", "AAAA3"]


def test_search_returns_a_stock_once_despite_several_former_names():
    new = StockFactory(symbol="MBRF3", name="MBRF")
    StockFactory(symbol="MRFG3", name="Marfrig Alimentos", is_active=False, renamed_to=new)
    StockFactory(symbol="BRFS3", name="BRF Alimentos", is_active=False, renamed_to=new)

    assert search("alimentos") == ["MBRF3"]


@pytest.mark.usefixtures("stocks")
def test_search_stops_at_the_limit():
    assert search("petr", limit=2) == ["PETR3", "PETR4"]


@pytest.mark.usefixtures("stocks")
def test_search_uses_only_the_first_sixty_characters():
    assert search("petr4" + " " * 55 + "zzz") == ["PETR4"]
    assert search("a " * 5000) == search("a")


@pytest.mark.parametrize("size", [1, 3])
def test_search_needs_one_query(size, django_assert_num_queries):
    for n in range(size):
        StockFactory(symbol=f"PET{n}3", name="Petrobras")

    with django_assert_num_queries(1):
        assert len(search_stocks("petro")) == size
    with django_assert_num_queries(0):
        assert search_stocks(" ") == []


class Fragment(HTMLParser):
    """A parsed fragment: its start tags and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.text = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data.split("\n")

    @property
    def words(self):
        return [text.strip() for text in self.text if text.strip()]


def fetch_fragment(client, text):
    response = client.get(reverse("stock-search"), {"q": text})
    assert response.status_code == 200
    return Fragment(response.content.decode())


@pytest.mark.usefixtures("stocks")
def test_fragment_contains_listbox_options(client):
    fragment = fetch_fragment(client, "itub")

    option = fragment.tags[0][1]
    assert option["role"] == "option"
    assert option["data-symbol"] == "ITUB4"
    assert option["data-url"] == "/ativo/ITUB4/"
    assert fragment.words == ["IT", "ITUB4", "Itaú Unibanco · PN"]


@pytest.mark.usefixtures("stocks")
def test_fragment_contains_at_most_ten_options(client):
    for n in range(12):
        StockFactory(symbol=f"ZZ{chr(65 + n)}A3", name="Muitas")

    options = [
        attrs for _, attrs in fetch_fragment(client, "muitas").tags if attrs.get("role") == "option"
    ]

    assert len({option["data-symbol"] for option in options}) == len(options) == 10


def test_fragment_without_results_shows_the_escaped_text(client):
    response = client.get(reverse("stock-search"), {"q": "<b>x"})

    assert "Nada encontrado para “<bdi>&lt;b&gt;x</bdi>”." in response.content.decode()
    assert 'role="option"' not in response.content.decode()


def test_fragment_is_in_the_readers_language(client):
    response = client.get(reverse("stock-search"), {"q": "x"}, headers={"accept-language": "en"})

    assert "Nothing found for “<bdi>x</bdi>”." in response.content.decode()


def test_fragment_is_empty_without_text(client):
    assert fetch_fragment(client, "  ").words == []
    assert client.get(reverse("stock-search")).content.strip() == b""


def test_long_text_is_truncated(client):
    assert fetch_fragment(client, "x" * 1000).words == ["Nada encontrado para “", "x" * 60, "”."]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "\ufdfa" * 60, "a " * 500])
def test_unusual_text_is_accepted(client, text):
    fetch_fragment(client, text)


@pytest.mark.usefixtures("stocks")
def test_fragment_needs_one_query_logged_in_or_not(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        fetch_fragment(client, "petr")
    alice = Client()
    alice.force_login(User.objects.create_user("alice"))
    with django_assert_num_queries(1):
        fetch_fragment(alice, "petr")


def test_search_refuses_post(client):
    assert client.post(reverse("stock-search"), {"q": "x"}).status_code == 405


def test_stock_found_has_its_last_price_of_this_instances_kind(settings):
    quoted, _unquoted = StockFactory(symbol="PETR4"), StockFactory(symbol="PETR3")
    LastQuoteFactory(stock=quoted, price=Decimal("38.42"), kind=settings.QUOTE_KIND)
    LastQuoteFactory(stock=quoted, price=Decimal("1.00"), kind="real")

    prices = {stock.symbol: stock.last_price for stock in search_stocks("petr")}

    assert prices == {"PETR4": Decimal("38.42"), "PETR3": None}
