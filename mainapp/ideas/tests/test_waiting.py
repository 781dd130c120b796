"""Ideas that wait for the price of a late source."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.ideas.exceptions import Frozen, SecondIdea
from mainapp.ideas.selectors.records import record_of
from mainapp.ideas.services.closing import close_idea, delete_idea
from mainapp.ideas.services.publishing import edit_idea
from mainapp.ideas.tests.factories import write_idea
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.market.tests.quotes import make_quote
from mainapp.notifications.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stocks(db):
    StockFactory(symbol="PETR4", name="Petrobras PN")


@pytest.fixture
def late_source(settings):
    """A real source whose quotes arrive 15 minutes late."""
    settings.QUOTE_KIND = "real"

    def record_late(price, *, made):
        quote = make_quote("PETR4", price, quoted_at=made, kind="real", source="brapi")
        quote = replace(quote, delay_s=900)
        return record_quotes(quotes=[quote], at=made + timedelta(minutes=15))

    return record_late


def test_waiting_idea_can_be_edited_while_the_market_is_closed(alice, late_source):
    night = datetime(2026, 3, 10, 23, tzinfo=UTC)
    idea = write_idea(alice, at=night)
    edit_idea(pk=idea.pk, author=alice, at=night + timedelta(hours=1), target=Decimal("41.00"))
    assert idea.edits.get().before == {"target": "40.00"}
    late_source("36.10", made=datetime(2026, 3, 11, 13, 10, tzinfo=UTC))
    idea.refresh_from_db()
    assert (idea.status, idea.target) == ("open", Decimal("41.00"))


@pytest.mark.parametrize("act", [close_idea, delete_idea])
def test_waiting_idea_is_withdrawn_while_the_market_is_closed(alice, late_source, act):
    night = datetime(2026, 3, 10, 23, tzinfo=UTC)
    idea = write_idea(alice, at=night)
    name = "author" if act is close_idea else "actor"
    act(pk=idea.pk, at=night + timedelta(hours=1), **{name: alice})
    idea.refresh_from_db()
    assert (idea.status, idea.price_at) == ("closed", None)


@pytest.mark.parametrize("act", [close_idea, delete_idea])
def test_the_price_of_a_late_source_cannot_be_escaped(alice, late_source, act):
    """The author sees elsewhere that the price falls, before the late source brings the first."""
    idea = write_idea(alice)
    name = "author" if act is close_idea else "actor"
    act(pk=idea.pk, at=NOON + timedelta(minutes=12), **{name: alice})
    with pytest.raises(SecondIdea):
        write_idea(alice, minutes=13)
    late_source("36.00", made=NOON + timedelta(minutes=1))
    late_source("35.00", made=NOON + timedelta(minutes=13))
    idea.refresh_from_db()
    assert (idea.status, idea.price_at, idea.close_price) == ("closed", 36, 35)
    assert record_of(alice).decided == 1


def test_a_wish_from_before_the_first_price_withdraws(alice, late_source):
    idea = write_idea(alice)
    close_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=1))
    late_source("36.00", made=NOON + timedelta(minutes=2))
    idea.refresh_from_db()
    assert (idea.status, idea.price_at) == ("closed", None)
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "field", [{"target": Decimal(50)}, {"side": "neutral"}, {"horizon": date(2026, 5, 1)}]
)
def test_terms_hold_once_their_price_may_have_been_made(alice, late_source, field):
    idea = write_idea(alice)
    with pytest.raises(Frozen):
        edit_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=12), **field)
    edit_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=12), thesis="Outra.")
    late_source("36.00", made=NOON + timedelta(minutes=1))
    idea.refresh_from_db()
    assert (idea.status, idea.price_at, idea.target) == ("open", 36, 40)
