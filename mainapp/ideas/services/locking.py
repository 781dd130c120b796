"""Locks of an idea, always after its stock."""

from django.conf import settings

from mainapp.accounts.models import User
from mainapp.ideas.exceptions import IdeaGone
from mainapp.ideas.models import Idea, PriceBreak
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes


def own_idea(pk: int, author: User) -> Idea:
    idea = locked_idea(pk)
    if idea.author_id != author.pk or not Idea.objects.visible_to(author).filter(pk=pk).exists():
        raise IdeaGone
    return idea


def locked_idea(pk: int) -> Idea:
    """Lock an idea after its stock, in the same order as the recording of quotes."""
    stocks = Stock.objects.filter(ideas=pk).select_for_update(of=("self",), no_key=True)
    list(stocks)
    rows = Idea.objects.select_for_update(of=("self",), no_key=True).select_related("stock", "club")
    idea = rows.filter(pk=pk).first()
    if idea is None:
        raise IdeaGone
    return idea


def lock_last_quote(stock: Stock) -> tuple[Quote | None, bool]:
    """Lock a stock; return its last quote, and whether its scale is known."""
    Stock.objects.select_for_update(no_key=True).get(pk=stock.pk)
    quote = last_quotes([stock.symbol]).get(stock.symbol)
    is_held = PriceBreak.objects.filter(stock=stock, quote_kind=settings.QUOTE_KIND).exists()
    return quote, not is_held and (quote is None or quote.doubtful_price is None)
