"""Tests of the site's search: its page and the suggestions of its box."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.forum.models import Room
from mainapp.forum.selectors.search import find_rooms
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, make_group
from mainapp.ideas.tests.factories import last_quote, make_idea
from mainapp.market.tests.factories import StockFactory

pytestmark = pytest.mark.django_db

URL = "/buscar/"


@pytest.fixture
def places():
    petr = StockFactory(symbol="PETR4", name="Petrobras")
    StockFactory(symbol="ITUB4", name="Itaú Unibanco")
    RoomFactory(name="Petróleo e gás", topic="Energia", description="Tudo sobre o pré-sal")
    RoomFactory(name="Resultados da semana", topic="Petroleiras", stock=petr)
    RoomFactory(name="Fundos", is_closed=True)


def fetch(client, text, **headers):
    response = client.get(URL, {"q": text}, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def suggest(client, text, **headers):
    return fetch(client, text, hx_request="true", **headers)


def rooms(text, limit=10):
    return [result.title for result in find_rooms(text, user=None, limit=limit)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("petro", ["Petróleo e gás", "Resultados da semana"]),  # the name's start comes first
        ("PETRÓLEO", ["Petróleo e gás"]),
        ("gas petroleo", ["Petróleo e gás"]),
        ("pre-sal", ["Petróleo e gás"]),
        ("energia", ["Petróleo e gás"]),
        ("petr4", ["Resultados da semana"]),
        ("petr4 semana", ["Resultados da semana"]),
        ("fundos", ["Fundos"]),
        ("etr4", []),
        ("%", []),
        ("_", []),
        ("\x00", []),
        ("  ", []),
    ],
)
@pytest.mark.usefixtures("places")
def test_rooms_are_found_by_their_words_and_their_stock(text, names):
    assert rooms(text) == names


def test_rooms_with_equal_names_are_ordered_by_activity():
    now = timezone.now()
    for n, name in enumerate(["Bancos velha", "Bancos nova"]):
        RoomFactory(name=name, active_at=now.replace(year=2020 + n))

    assert rooms("bancos") == ["Bancos nova", "Bancos velha"]
    assert rooms("bancos", limit=1) == ["Bancos nova"]


@pytest.mark.usefixtures("places")
def test_suggestions_are_options_in_groups_with_stocks_first(client):
    html = suggest(client, "petr")

    assert html.index('aria-label="Ativos"') < html.index("PETR4")
    assert html.index("PETR4") < html.index('aria-label="Salas"') < html.index("Petróleo e gás")
    room = Room.objects.get(name="Petróleo e gás")
    assert f'data-url="/room/{room.pk}/"' in html
    assert 'data-url="/buscar/?q=petr" data-kind="all"' in html


def test_suggestions_explain_a_former_code(client):
    new = StockFactory(symbol="AXIA3", name="Axia Energia")
    StockFactory(symbol="ELET3", name="Eletrobras", is_active=False, renamed_to=new)

    html = suggest(client, "elet3")

    assert "data-note" in html
    assert "AXIA3" in html


def test_suggestions_without_results_show_the_escaped_text(client):
    html = suggest(client, "<b>x")

    assert "Nada encontrado para “<bdi>&lt;b&gt;x</bdi>”." in html
    assert 'role="option"' not in html
    assert suggest(client, "  ").strip() == ""


def test_suggestions_are_in_the_readers_language(client):
    html = suggest(client, "x", accept_language="en")

    assert "Nothing found for “<bdi>x</bdi>”." in html


@pytest.mark.usefixtures("places")
def test_suggestions_cost_a_fixed_number_of_queries(client, django_assert_num_queries):
    alice = Client()
    alice.force_login(User.objects.create_user("alice"))
    # Stocks, rooms, ideas and events; of a member also the session, the user, people, conversations
    # and clubs.
    for browser, queries in ((client, 4), (alice, 9)):
        with django_assert_num_queries(queries):
            suggest(browser, "petr")
        with django_assert_num_queries(1):
            suggest(browser, "p")  # too short for all others
        with django_assert_num_queries(0):
            suggest(browser, " ")


@pytest.fixture
def talk():
    """A group of ana and beto with a message that clara may not find."""
    ana, beto, clara = [User.objects.create_user(name) for name in ("ana", "beto", "clara")]
    group = make_group(ana, beto, name="Segredos da mesa")
    MessageFactory(
        room=group, author=beto, body="o fosso da empresa", body_html="o fosso da empresa"
    )
    return {"ana": ana, "beto": beto, "clara": clara}


def found(client, text, user=None):
    """Return the titles of the results by section."""
    if user:
        client.force_login(user)
    groups = client.get(URL, {"q": text}).context["groups"]
    return {group.section.name: [each.title for each in group.results] for group, _rows in groups}


def test_people_conversations_and_messages_are_found_by_who_may_read_them(client, talk):
    assert found(client, "segredos", talk["ana"]) == {"conversations": ["Segredos da mesa"]}
    assert found(client, "fosso") == {"messages": ["beto"]}
    assert found(client, "beto") == {"people": ["beto"], "conversations": ["Segredos da mesa"]}


def test_strangers_staff_and_the_blocked_find_no_private_talk(client, talk):
    staff = User.objects.create_user("sara", access_level=User.Access.ADMIN)
    for user in (None, talk["clara"], staff):
        assert found(client, "segredos", user) == found(client, "fosso", user) == {}
    client.logout()
    assert found(client, "beto") == {}
    block_user(blocker=talk["beto"], blocked=talk["clara"], at=timezone.now())
    assert found(client, "beto", talk["clara"]) == {}


def test_suggestions_have_no_messages_and_are_not_remembered_if_private(client, talk):
    client.force_login(talk["ana"])

    assert "fosso da" not in suggest(client, "fosso")
    assert 'data-title="Segredos da mesa" data-subtitle="" data-private' in suggest(client, "segre")
    assert "data-private" not in suggest(client, "clara")


@pytest.mark.usefixtures("places")
def test_page_links_every_result(client):
    html = fetch(client, "petr")

    assert '<h2 id="found-stocks">Ativos</h2>' in html
    assert f'href="{reverse("room", args=[Room.objects.get(topic="Energia").pk])}"' in html
    assert '<meta name="robots" content="noindex">' in html
    assert "/forum/?q=petr" not in html


def test_only_stocks_are_shown_with_a_price(client, alice):
    make_idea(alice, symbol="PETR4", status="closed", return_pct=Decimal("0.03"))
    last_quote("36.00", symbol="PETR4")

    stocks, ideas = fetch(client, "petr").split('id="found-ideas"')
    assert "36,00" in stocks
    assert "36,00" not in ideas
    assert 'href="/ideia/' in ideas


def test_page_links_the_list_of_rooms_when_there_are_more(client):
    for n in range(11):
        RoomFactory(name=f"Dividendos {n}")

    html = fetch(client, "dividendos & cia")
    assert "Nada encontrado" in html
    html = fetch(client, "dividendos")
    assert html.count('href="/room/') == 10
    assert f"/forum/?{urlencode({'q': 'dividendos'})}" in html


@pytest.mark.parametrize("size", [1, 30])
def test_page_needs_as_many_queries_for_many_results(client, django_assert_max_num_queries, size):
    for n in range(size):
        RoomFactory(name=f"Petro {n}", stock=StockFactory(symbol=f"PE{n:02}3"))

    fetch(client, "x")  # fills the caches of the page's frame
    with django_assert_max_num_queries(5):
        fetch(client, "petro")


def test_page_without_text_asks_for_one(client):
    html = fetch(client, "")

    assert "Escreva o código ou o nome de um ativo" in html
    assert "Nada encontrado" not in html


@pytest.mark.parametrize("text", ["%", "\\", "'", '"', "\ufdfa" * 60, "a " * 500, "\ud800", "\x00"])
def test_unusual_text_is_accepted(client, text):
    response = client.get(f"{URL}?{urlencode({'q': text}, errors='surrogatepass')}")

    assert response.status_code in (200, 400)  # 400: control characters
