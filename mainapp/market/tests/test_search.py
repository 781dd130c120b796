"""The search for a stock, and the fragment that shows what it finds."""

from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.market.selectors.catalogue import search_stocks
from mainapp.market.tests.factories import MembershipFactory, StockFactory

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


def found(text, limit=10):
    return [stock.symbol for stock in search_stocks(text, limit)]


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("itau", ["ITSA4", "ITUB4"]),
        ("ITAÚ", ["ITSA4", "ITUB4"]),
        ("itau\u0301 unib", ["ITUB4"]),  # the accent as a letter of its own
        ("itub", ["ITUB4"]),
        ("ITUB4", ["ITUB4"]),
        (" petr ", ["PETR3", "PETR4", "RECV3", "VBBR3"]),
        ("petr4", ["PETR4"]),
        ("petr4f", ["PETR4"]),
        ("reconcavo", ["RECV3"]),
        ("concavo", ["RECV3"]),  # from inside a word
        ("bras", ["BBAS3", "PETR3", "PETR4", "VBBR3", "AXIA3"]),
        ("banco brasil", ["BBAS3"]),
        ("brasil banco", ["BBAS3"]),
        ("petr4 petrobras", ["PETR4"]),
        ("c&a", ["CEAB3"]),
        ("d\u2019or", ["RDOR3"]),
        ("ibov", ["IBOV"]),
        ("petrobras pn", ["PETR4"]),
        ("on petrobras", ["PETR3", "VBBR3"]),
        ("pn", []),  # alone it is a part of a name
        ("elet3", ["AXIA3"]),
        ("ELET", ["AXIA3"]),
        ("eletrobras", ["AXIA3"]),
        ("etr4", []),  # a ticker is found by its beginning
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
def test_search_finds(text, symbols):
    assert sorted(found(text)) == sorted(symbols)


def test_search_puts_the_exact_ticker_first_then_tickers_then_names():
    StockFactory(symbol="AAAA3", name="Sucos Vale do Rio")
    StockFactory(symbol="VALF3", name="Outra")
    StockFactory(symbol="XVAL3", name="Vale Verde")
    StockFactory(symbol="VALE3", name="Mineradora")
    StockFactory(symbol="VALE5", name="Mineradora")

    assert found("vale") == ["VALE3", "VALE5", "XVAL3", "AAAA3"]
    assert found("vale5") == ["VALE5"]
    assert found("val") == ["VALE3", "VALE5", "VALF3", "XVAL3", "AAAA3"]


@pytest.mark.usefixtures("stocks")
def test_search_puts_a_whole_word_before_its_likes():
    assert found("itau") == ["ITUB4", "ITSA4"]
    assert found("itausa") == ["ITSA4"]


def test_search_puts_the_index_s_papers_before_others_like_them():
    for n in range(12):
        StockFactory(symbol=f"AA{chr(65 + n)}A11", name="Itaú Fundo")
    MembershipFactory(stock=StockFactory(symbol="ITUB4", name="Itaú Unibanco"), market="IBOV")
    StockFactory(symbol="BBBB3", name="Banco Itaú")

    assert found("itau")[:2] == ["ITUB4", "AAAA11"]
    assert found("itau", limit=20)[-1] == "BBBB3"


def test_search_puts_what_an_exact_former_ticker_became_first():
    StockFactory(symbol="AAAA3", name="Elet3ronica")
    new = StockFactory(symbol="AXIA3", name="Axia")
    StockFactory(symbol="ELET3", is_active=False, renamed_to=new)

    assert found("elet3") == ["AXIA3", "AAAA3"]


def test_search_shows_a_stock_once_however_many_it_was():
    new = StockFactory(symbol="MBRF3", name="MBRF")
    StockFactory(symbol="MRFG3", name="Marfrig Alimentos", is_active=False, renamed_to=new)
    StockFactory(symbol="BRFS3", name="BRF Alimentos", is_active=False, renamed_to=new)

    assert found("alimentos") == ["MBRF3"]


@pytest.mark.usefixtures("stocks")
def test_search_stops_at_the_limit():
    assert found("petr", limit=2) == ["PETR3", "PETR4"]


@pytest.mark.usefixtures("stocks")
def test_search_reads_sixty_characters():
    assert found("petr4" + " " * 55 + "zzz") == ["PETR4"]
    assert found("a " * 5000) == found("a")


@pytest.mark.parametrize("size", [1, 3])
def test_search_takes_one_query(size, django_assert_num_queries):
    for n in range(size):
        StockFactory(symbol=f"PET{n}3", name="Petrobras")

    with django_assert_num_queries(1):
        assert len(search_stocks("petro")) == size
    with django_assert_num_queries(0):
        assert search_stocks(" ") == []


class Fragment(HTMLParser):
    """The start tags of a fragment and its text."""

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


def ask(client, text):
    response = client.get(reverse("stock-search"), {"q": text})
    assert response.status_code == 200
    return Fragment(response.content.decode())


@pytest.mark.usefixtures("stocks")
def test_fragment_is_options_of_a_listbox(client):
    fragment = ask(client, "itub")

    (_, option), (_, link) = fragment.tags[:2]
    assert option["role"] == "option"
    assert option["data-symbol"] == "ITUB4"
    assert option["id"] == "stock-option-ITUB4"
    assert link["href"].endswith("/graph?ticker=ITUB4")
    assert fragment.words == ["ITUB4", "Itaú Unibanco", "PN"]


@pytest.mark.usefixtures("stocks")
def test_fragment_holds_ten_options_at_most(client):
    for n in range(12):
        StockFactory(symbol=f"ZZ{chr(65 + n)}A3", name="Muitas")

    options = [attrs for _, attrs in ask(client, "muitas").tags if attrs.get("role") == "option"]

    assert len(options) == len({option["id"] for option in options}) == 10


def test_empty_fragment_says_so_and_escapes_the_text(client):
    response = client.get(reverse("stock-search"), {"q": "<b>x"})

    assert "Nada encontrado para “&lt;b&gt;x”." in response.content.decode()
    assert 'role="option"' not in response.content.decode()


def test_fragment_speaks_the_reader_s_language(client):
    response = client.get(reverse("stock-search"), {"q": "x"}, headers={"accept-language": "en"})

    assert "Nothing found for “x”." in response.content.decode()


def test_fragment_of_no_text_is_empty(client):
    assert ask(client, "  ").words == []
    assert client.get(reverse("stock-search")).content.strip() == b""


def test_too_long_text_is_cut(client):
    assert ask(client, "x" * 1000).words == [f"Nada encontrado para “{'x' * 60}”."]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "\ufdfa" * 60, "a " * 500])
def test_odd_text_is_answered(client, text):
    ask(client, text)


@pytest.mark.usefixtures("stocks")
def test_fragment_takes_one_query_logged_in_or_not(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        ask(client, "petr")
    alice = Client()
    alice.force_login(User.objects.create_user("alice"))
    with django_assert_num_queries(1):
        ask(alice, "petr")


def test_search_is_read_only(client):
    assert client.post(reverse("stock-search"), {"q": "x"}).status_code == 405
