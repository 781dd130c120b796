import pytest

from mainapp.forum.selectors.rooms import ROOMS_OF_A_STOCK, rooms_on
from mainapp.forum.tests.factories import MessageFactory, RoomFactory
from mainapp.market.tests.factories import StockFactory

pytestmark = pytest.mark.django_db


def test_paper_shows_the_rooms_about_it(client, alice):
    petr4 = StockFactory(symbol="PETR4")
    room = RoomFactory(name="Petrobras", stock=petr4)
    MessageFactory(room=room, author=alice, body="bom dia", body_html="<p>bom dia</p>")
    RoomFactory(name="Outra sala", stock=StockFactory(symbol="VALE3"))

    html = client.get("/ativo/PETR4/").content.decode()

    assert "Petrobras" in html
    assert "bom dia" in html
    assert "Outra sala" not in html


def test_paper_without_a_room_offers_to_open_one(client, alice):
    StockFactory(symbol="PETR4")
    html = client.get("/ativo/PETR4/").content.decode()
    assert "Ninguém conversa sobre PETR4 ainda." in html
    assert 'href="/create-room/?stock=PETR4"' in html

    client.force_login(alice)
    form = client.get("/create-room/?stock=PETR4").content.decode()
    assert 'value="PETR4"' in form


@pytest.mark.parametrize("count", [1, 3, ROOMS_OF_A_STOCK + 1])
def test_rooms_need_one_query(count, django_assert_num_queries):
    petr4 = StockFactory(symbol="PETR4")
    for _ in range(count):
        RoomFactory(stock=petr4)
    with django_assert_num_queries(1):
        rows = rooms_on(petr4)
    assert len(rows) == min(count, ROOMS_OF_A_STOCK)
