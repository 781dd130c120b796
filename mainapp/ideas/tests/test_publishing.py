from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.core.exceptions import DomainError
from mainapp.core.limits import RateLimited
from mainapp.ideas.exceptions import AlreadyDecided, Frozen, IdeaGone, Invalid, SecondIdea
from mainapp.ideas.models import Idea, PriceBreak
from mainapp.ideas.services.closing import close_idea, delete_idea
from mainapp.ideas.services.publishing import edit_idea
from mainapp.ideas.tests.factories import make_idea, record, write_idea
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import NOON, LastQuoteFactory, StockFactory
from mainapp.market.tests.quotes import make_quote

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stocks(db):
    StockFactory(symbol="PETR4", name="Petrobras PN")


def test_open_idea_has_the_recorded_quote_of_its_publication(alice):
    record("36.00")
    idea = write_idea(alice, minutes=1, tags=["Petróleo", "#petroleo", "dividendos"])
    assert (idea.status, idea.price_at, idea.priced_at) == ("open", Decimal("36.00"), NOON)
    assert idea.price_source == "simulated"
    assert sorted(idea.tags.values_list("key", flat=True)) == ["dividendos", "petroleo"]


@pytest.mark.parametrize("minutes", [2.1, 60, 24 * 60])
def test_no_idea_is_published_at_an_old_price(alice, minutes):
    record("36.00")
    idea = write_idea(alice, minutes=minutes)
    assert (idea.status, idea.price_at) == ("waiting", None)

    record("36.50", minutes=minutes + 0.1)

    idea.refresh_from_db()
    assert (idea.status, idea.price_at) == ("open", Decimal("36.50"))


def test_waiting_idea_is_not_published_at_an_earlier_price(alice):
    record("36.00")
    idea = write_idea(alice, minutes=10)
    record("36.50", minutes=9)
    delayed = make_quote("PETR4", "36.60", quoted_at=None, delay_s=900)
    record_quotes(quotes=[delayed], at=NOON + timedelta(minutes=12))

    idea.refresh_from_db()
    assert idea.status == "waiting"


def test_outside_of_a_session_an_idea_waits_for_the_next_one(alice, settings):
    settings.QUOTE_KIND = "real"
    night = datetime(2026, 3, 10, 23, tzinfo=UTC)
    real = {"kind": "real", "source": "brapi"}
    LastQuoteFactory(
        stock=StockFactory(symbol="PETR4"), price="36.00", quoted_at=night, kind="real"
    )
    idea = write_idea(alice, at=night, minutes=1)
    assert idea.status == "waiting"

    record("36.10", start=night, minutes=2, **real)
    idea.refresh_from_db()
    assert idea.status == "waiting"

    morning = datetime(2026, 3, 11, 13, 0, 5, tzinfo=UTC)
    record("36.20", start=morning, **real)
    idea.refresh_from_db()
    assert (idea.status, idea.price_at, idea.priced_at) == ("open", Decimal("36.20"), morning)


def test_waiting_idea_whose_target_is_reached_is_never_published(alice):
    record("36.00")
    idea = write_idea(alice, minutes=60)
    record("40.00", minutes=61)
    idea.refresh_from_db()
    assert (idea.status, idea.price_at) == ("closed", None)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"target": "36.00"}, "target"),
        ({"target": "35.00"}, "target"),
        ({"target": "36.30"}, "target"),
        ({"stop": "36.00"}, "stop"),
        ({"stop": "37.00"}, "stop"),
        ({"stop": "0.00"}, "stop"),
        ({"stop": None}, "stop"),
        ({"target": "400.00"}, "target"),
        ({"side": "sell"}, "target"),
        ({"horizon": date(2026, 3, 10)}, "horizon"),
        ({"horizon": date(2025, 3, 10)}, "horizon"),
        ({"horizon": date(2028, 3, 10)}, "horizon"),
        ({"thesis": "  "}, "thesis"),
        ({"thesis": "\u200b\u2060"}, "thesis"),
        ({"tags": ["ß" * 30]}, "tags"),
        ({"thesis": "x" * 4001}, "thesis"),
        ({"tags": list("abcdef")}, "tags"),
        ({"symbol": "IBOV"}, "stock"),
    ],
)
def test_trivial_and_impossible_limits_are_refused(alice, fields, wrong):
    StockFactory(symbol="IBOV", kind="INDEX")
    record("36.00")
    with pytest.raises(Invalid) as error:
        write_idea(alice, **fields)
    assert list(error.value.fields) == [wrong]
    assert not Idea.objects.exists()


@pytest.mark.parametrize("name", ["target", "stop"])
def test_huge_limits_are_refused_before_there_is_a_price(alice, name):
    """In millionths they are larger than any integer of the databases."""
    with pytest.raises(Invalid) as error:
        write_idea(alice, **{name: "99999999999999999999.99"})
    assert list(error.value.fields) == [name]


def test_one_live_idea_per_author_and_stock(alice, bob):
    record("36.00")
    first = write_idea(alice)
    write_idea(bob)
    with pytest.raises(SecondIdea):
        write_idea(alice)
    close_idea(pk=first.pk, author=alice, at=NOON + timedelta(minutes=1))
    with pytest.raises(SecondIdea):
        write_idea(alice)  # the first one waits for its closing price
    record("36.50", minutes=2)
    assert write_idea(alice, minutes=2).status == "open"


def test_ideas_of_a_day_are_limited(alice, settings):
    settings.IDEAS_A_DAY = 1
    for symbol in ("PETR4", "VALE3"):
        record("36.00", symbol=StockFactory(symbol=symbol).symbol)
    write_idea(alice)
    with pytest.raises(RateLimited):
        write_idea(alice, symbol="VALE3")


@pytest.mark.parametrize(
    "field",
    [
        {"side": "sell"},
        {"target": Decimal(50)},
        {"stop": Decimal(20)},
        {"horizon": date(2026, 5, 1)},
    ],
)
def test_terms_freeze_at_the_publication(alice, field):
    record("36.00")
    idea = write_idea(alice)
    with pytest.raises(Frozen):
        edit_idea(pk=idea.pk, author=alice, at=NOON, **field)


def test_thesis_and_tags_can_be_edited_for_fifteen_minutes_and_the_old_text_is_kept(alice):
    record("36.00")
    idea = write_idea(alice, tags=["a"])
    edit_idea(
        pk=idea.pk, author=alice, at=NOON + timedelta(minutes=15), thesis="Outra.", tags=["b"]
    )
    idea.refresh_from_db()
    assert idea.thesis_html == "<p>Outra.</p>"
    assert [tag.name for tag in idea.tags.all()] == ["b"]
    assert idea.edits.get().before == {"thesis": "Petróleo sobe.", "tags": ["a"]}
    with pytest.raises(Frozen):
        edit_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=15, seconds=1), thesis="C")


def test_closing_at_the_current_price(alice):
    record("36.00")
    idea = write_idea(alice)
    record("37.80", minutes=1)
    closed = close_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=2))
    assert (closed.status, closed.return_pct) == ("closed", Decimal("5.00"))
    with pytest.raises(AlreadyDecided):
        close_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=3))


def test_deletion_hides_the_text_and_keeps_the_outcome(alice):
    record("36.00")
    idea = write_idea(alice, tags=["a"])
    edit_idea(pk=idea.pk, author=alice, at=NOON, thesis="Segredo.")
    delete_idea(pk=idea.pk, actor=alice, at=NOON)
    delete_idea(pk=idea.pk, actor=alice, at=NOON)
    record("33.00", minutes=1)

    idea.refresh_from_db()
    assert (idea.thesis, idea.thesis_html, idea.status) == ("", "", "stopped")
    assert "sobe" not in str([edit.before for edit in idea.edits.all()]) + idea.search_text
    assert not idea.tags.exists()


def test_others_change_nothing(alice, bob):
    idea = make_idea(alice)
    for act in (
        lambda: edit_idea(pk=idea.pk, author=bob, at=NOON, thesis="x"),
        lambda: close_idea(pk=idea.pk, author=bob, at=NOON),
        lambda: delete_idea(pk=idea.pk, actor=bob, at=NOON),
        lambda: close_idea(pk=999_999, author=bob, at=NOON),
    ):
        with pytest.raises(IdeaGone):
            act()


def test_nothing_is_published_while_the_scale_of_prices_is_unknown(alice):
    record("36.00")
    stock = StockFactory(symbol="PETR4")
    PriceBreak.objects.create(
        stock=stock, quote_kind="simulated", trusted_price="72.00", trusted_on=date(2026, 3, 9)
    )
    assert write_idea(alice).status == "waiting"


def test_suspended_author_is_refused(alice):
    alice.suspended_until = NOON + timedelta(days=1)
    record("36.00")
    with pytest.raises(DomainError, match="suspensa"):
        write_idea(alice)


def test_account_deletion_keeps_the_row(alice):
    idea = make_idea(alice)
    alice.delete()
    idea.refresh_from_db()
    assert idea.author is None
