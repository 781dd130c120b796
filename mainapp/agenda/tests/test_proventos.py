"""Days of the corporate events of a reader's stocks in the agenda: theirs, and nobody else's."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.rendering.proventos import Entry
from mainapp.agenda.selectors.merging import WithEntries
from mainapp.agenda.services.links import renew_link
from mainapp.agenda.tests.factories import fill, make_club, make_event
from mainapp.market.models import CorporateEvent, Watchlist
from mainapp.market.quotes.reported import ReportedEvent
from mainapp.market.services.corporate_events import record_report
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import StockFactory, WatchlistItemFactory

AGENDA = reverse("agenda")
CARTEIRA = apps.get_model("portfolio", "Carteira")  # of a feature that this one may not import


def today():
    return timezone.localdate()


def pay(stock, *, days=5, amount="0.55", after=20, at=None, source="simulated"):
    ex_on = today() + timedelta(days=days)
    event = ReportedEvent(
        kind="dividend",
        ex_on=ex_on,
        pay_on=ex_on + timedelta(days=after),
        amount=Decimal(amount),
        currency="BRL",
    )
    return record_report(stock=stock, source=source, events=[event], at=at or timezone.now())


def hold(user, stock):
    CARTEIRA.objects.create(owner=user, ativo=stock, preco_medio=10, quantidade=100, nota=5)


@pytest.fixture
def login(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def held(alice):
    """A stock that Alice holds, with an announced dividend."""
    stock = StockFactory(symbol="PETR4", name="Petrobras")
    hold(alice, stock)
    pay(stock)
    return stock


@pytest.fixture
def followed(alice):
    """A stock in Alice's list, with an announced dividend."""
    stock = StockFactory(symbol="VALE3", name="Vale")
    create_list(owner=alice, name="Minha", symbols=["VALE3"])
    pay(stock, days=6)
    return stock


@pytest.fixture
def other(bob):
    """A stock that Bob alone holds, with an announced dividend."""
    stock = StockFactory(symbol="ITUB4", name="Itaú")
    hold(bob, stock)
    pay(stock)
    return stock


def text(client, query=""):
    return client.get(f"{AGENDA}?{query}").content.decode()


def feed_of(user):
    key = renew_link(user=user, at=timezone.now()).key
    return reverse("calendar-feed", args=[key])


def entries(body):
    return {str(each["SUMMARY"]): each for each in Calendar.from_ical(body).walk("VEVENT")}


def test_list_shows_both_days_of_a_held_and_of_a_followed_stock(login, held, followed):
    page = text(login)

    for symbol in ("PETR4", "VALE3"):
        assert f"{symbol}: data ex de dividendo (simulado)" in page
        assert f"{symbol}: pagamento de dividendo (simulado)" in page
    assert page.count("R$\N{NO-BREAK SPACE}0,55") == 4
    assert page.count(">anunciado<") == 4
    assert f'href="{reverse("paper", args=["PETR4"])}#proventos"' in page
    assert "Grátis" not in page
    assert page.index("PETR4: data ex") < page.index("VALE3: data ex") < page.index("PETR4: pag")


@pytest.mark.parametrize("reader", ["anonymous", "bob", "admin"])
@pytest.mark.parametrize(
    "query", ["", "view=month", "kind=proventos", "q=petr4", "start_from=2020-01-01"]
)
def test_entries_are_their_owners_alone(client, held, followed, other, bob, reader, query):
    if reader == "bob":
        client.force_login(bob)
    if reader == "admin":
        client.force_login(User.objects.create_user("root", access_level=User.Access.ADMIN))
    month = (today() + timedelta(days=5)).strftime("&month=%Y-%m") if "month" in query else ""

    page = text(client, query + month)
    file = client.get(f"{reverse('agenda-file')}?{query}").content.decode()

    for symbol in ("PETR4", "VALE3"):
        assert f"{symbol}: " not in page + file
    if reader == "bob" and query != "q=petr4":
        assert "ITUB4: data ex" in page
        assert "ITUB4: data ex" in file


def test_feed_has_the_owners_entries_only(client, alice, bob, held, followed, other):
    mine, theirs = (client.get(feed_of(user)).content for user in (alice, bob))

    assert {name.split(":")[0] for name in entries(mine)} == {"PETR4", "VALE3"}
    assert {name.split(":")[0] for name in entries(theirs)} == {"ITUB4"}


def test_club_list_of_others_and_deleted_rows_show_nothing(login, alice, bob, other):
    club = make_club(bob, alice)
    shared = Watchlist.objects.create(audience=f"club:{club.pk}", name="Clube", share_key="k")
    WatchlistItemFactory(watchlist=shared, stock=other)
    stock = StockFactory(symbol="WEGE3")
    create_list(owner=alice, name="Minha", symbols=["WEGE3"])
    pay(stock)
    assert "WEGE3: data ex" in text(login)

    Watchlist.objects.filter(owner=alice).delete()

    assert "WEGE3: data ex" not in text(login)
    assert "ITUB4: data ex" not in text(login)
    login.logout()
    assert "ITUB4: data ex" not in text(login)


def test_feed_gives_whole_days_with_a_stable_identity(client, alice, held):
    address = feed_of(alice)
    first = entries(client.get(address).content)
    ex = first["PETR4: data ex de dividendo (simulado)"]
    day = today() + timedelta(days=5)

    assert (ex["DTSTART"].dt, ex["DTEND"].dt) == (day, day + timedelta(days=1))
    assert (ex["STATUS"], ex["SEQUENCE"]) == ("TENTATIVE", 0)
    assert "Petrobras" in ex["DESCRIPTION"]
    assert "0,55 por ação" in ex["DESCRIPTION"]
    assert client.get(address).content == client.get(address).content

    pay(held, days=7, at=timezone.now() + timedelta(hours=1))  # the source moves it by two days
    moved = entries(client.get(address).content)["PETR4: data ex de dividendo (simulado)"]
    assert (moved["UID"], moved["SEQUENCE"]) == (ex["UID"], 1)
    assert moved["DTSTART"].dt == day + timedelta(days=2)
    assert moved["DTSTAMP"].dt > ex["DTSTAMP"].dt
    uids = [each["UID"] for each in entries(client.get(address).content).values()]
    assert len(set(uids)) == len(uids) == 2


def test_withdrawn_event_is_cancelled_in_the_feed_and_gone_from_the_list(
    client, login, alice, held
):
    for hours in (30, 60):
        at = timezone.now() + timedelta(hours=hours)
        record_report(stock=held, source="simulated", events=[], at=at)
    (ex, paid) = entries(login.get(feed_of(alice)).content).values()

    assert {ex["STATUS"], paid["STATUS"]} == {"CANCELLED"}
    assert ex["SEQUENCE"] == 1
    assert "PETR4: " not in text(login)
    CorporateEvent.objects.update(withdrawn_at=timezone.now() - timedelta(days=15))
    assert not entries(login.get(feed_of(alice)).content)


def test_event_that_happened_is_confirmed(client, alice):
    stock = StockFactory(symbol="PETR4")
    hold(alice, stock)
    pay(stock, days=-1)

    assert {each["STATUS"] for each in entries(client.get(feed_of(alice)).content).values()} == {
        "CONFIRMED"
    }


def test_real_entries_are_not_in_a_simulated_market(login, held, settings):
    assert "PETR4: data ex" in text(login)
    settings.QUOTE_KIND = "real"
    assert "PETR4: data ex" not in text(login)
    pay(held, days=8, source="brapi")
    page = text(login)
    assert "PETR4: data ex de dividendo" in page
    assert "(simulado)" not in page


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [
        ("kind=proventos", True),
        ("kind=course", False),
        ("kind=course&kind=proventos", True),
        ("kind=nothing", False),
        ("q=petrobras dividendo", True),
        ("q=petrobras jcp", False),
        ("tags=renda", False),
        ("is_free=true", True),
        ("is_free=false", False),
        ("price_max=10", True),
        ("price_min=1", False),
        ("club=nenhum", False),
        ("start_from={ex}&start_to={ex}", True),
        ("start_from={after}&start_to={after}", False),
        ("start_to={before}", False),
        ("ordering=-starts_at", True),
        ("ordering=title", True),
        ("ordering=-created_at", True),
        ("ordering=price", True),
    ],
)
def test_filters_apply_to_entries(login, held, query, is_shown):
    ex = today() + timedelta(days=5)
    days = {"ex": ex, "after": ex + timedelta(days=1), "before": ex - timedelta(days=1)}

    assert ("PETR4: data ex" in text(login, query.format(**days))) == is_shown


def test_month_has_entries_on_their_days(login, held):
    day = today() + timedelta(days=5)
    make_event(title="Curso", at=timezone.now() + timedelta(days=2))

    page = text(login, f"view=month&month={day:%Y-%m}")

    cell = page.split(f'<time datetime="{day:%Y-%m-%d}">')[1].split("</td>")[0]
    assert "PETR4: data ex de dividendo" in cell
    assert 'data-state="announced"' in cell
    assert "PETR4: data ex" not in text(login, f"view=month&month={day:%Y-%m}&kind=course")


@pytest.mark.parametrize("count", [0, 3, 40])
def test_lists_cost_the_same_with_any_number_of_entries(
    count, login, alice, django_assert_max_num_queries
):
    fill(35)
    for n in range(count):
        stock = StockFactory(symbol=f"AA{n // 10}{n % 10}3".replace("0", "X").replace("1", "Y"))
        hold(alice, stock)
        pay(stock, days=n % 30 + 1)
    for query in ("", "view=month", "page=2", "q=aa&kind=proventos"):
        with django_assert_max_num_queries(6):
            login.get(f"{AGENDA}?{query}")
    address = feed_of(alice)
    with django_assert_max_num_queries(6):
        login.get(address)


@pytest.mark.parametrize("order", ["starts_at", "-starts_at", "title", "price"])
@pytest.mark.parametrize(("events", "count"), [(0, 7), (7, 0), (35, 3), (9, 40), (64, 11)])
def test_pages_have_each_row_once_and_in_order(db, order, events, count):
    fill(events)
    days = [Entry(None, today() + timedelta(days=n % 3), "ex") for n in range(count)]
    rows = WithEntries(Event.objects.order_by(order, "pk"), days, order=order)

    rows.read_page("2", size=10)
    pages = [rows[start : start + 10] for start in range(0, events + count + 10, 10)]

    seen = [row for page in pages for row in page]
    assert len(seen) == rows.count() == events + count
    assert len({id(row) if isinstance(row, Entry) else row.pk for row in seen}) == len(seen)
    if order != "title":
        keys = [getattr(row, order.lstrip("-")) for row in seen]
        assert keys == sorted(keys, reverse=order.startswith("-"))
    assert all(len(page) == 10 for page in pages[: (events + count) // 10])


@pytest.mark.parametrize("page", ["0", "01", "x", "", "3", "99", "9" * 18, "9" * 30])
def test_page_that_does_not_exist_is_the_nearest_one(login, held, page):
    fill(35)

    html = text(login, f"page={page}")

    number = "2" if page.strip("0").isdigit() and page != "01" and len(page) < 30 else "1"
    assert f"Página {number} de 2" in html
