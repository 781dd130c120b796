"""Sample ideas and comments, to try the lists with many rows."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.models import Tag
from mainapp.ideas.conditions import end_of_day, levels
from mainapp.ideas.models import Idea, IdeaComment
from mainapp.market.models import LastQuote, Stock
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.symbols import INDEX, fold

BATCH = 1000
TAGS = ("petróleo", "dividendos", "juros", "balanço", "longo prazo", "técnica")
THESES = (
    "O preço ainda não mostra o que o último balanço mostrou.",
    "A dívida cai, e o mercado olha só para a receita.",
    "O setor segue caro demais para o que cresce.",
    "Bom pagador de proventos a um preço que não se via há meses.",
)
COMMENTS = ("Concordo.", "E a dívida?", "O alvo parece longe.", "Boa tese.", "Esperaria o balanço.")
ENDED = ("target", "stopped", "expired", "closed")


class PopulateCommand(BaseCommand):
    """Command that adds `count` rows. Needs DEBUG=1."""

    what = ""

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("count", type=int, nargs="?", default=100)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, count: int, seed: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("only with DEBUG=1: generated rows do not belong on a real instance")
        if count < 1:
            raise CommandError("the count is at least 1")
        made = self.populate(count, random.Random(seed))  # noqa: S311 - no secrets
        self.stdout.write(f"{made} {self.what}")

    def populate(self, count: int, draw: random.Random) -> int:
        raise NotImplementedError


def make_ideas(count: int, draw: random.Random) -> int:
    """Create ideas, most of them ended; an author has one live idea a stock."""
    authors = list(User.objects.filter(is_active=True).order_by("pk")[:500])
    stocks = list(Stock.objects.filter(is_active=True).exclude(symbol=INDEX).order_by("rank")[:200])
    if not authors or not stocks:
        raise CommandError("there are no users or no stocks yet")
    prices = dict(LastQuote.objects.filter(kind=settings.QUOTE_KIND).values_list("stock", "price"))
    live = set(Idea.objects.filter(status__in=("open", "waiting")).values_list("author", "stock"))
    rows = []
    for _n in range(count):
        author, stock = draw.choice(authors), draw.choice(stocks)
        is_live = stock.pk in prices and draw.random() < 0.5 and (author.pk, stock.pk) not in live
        if is_live:
            live.add((author.pk, stock.pk))
        rows.append(_idea(author, stock, prices.get(stock.pk) or Decimal("30.00"), is_live, draw))
    ideas = QuerySet[Idea](Idea).bulk_create(rows, batch_size=BATCH)  # generated: without an audit
    _tag(ideas, draw)
    return len(ideas)


def _idea(author: User, stock: Stock, price: Decimal, is_live: bool, draw: random.Random) -> Idea:
    now = timezone.now()
    written = now - timedelta(minutes=draw.randint(60, 90 * 24 * 60))
    side = draw.choice(("buy", "buy", "sell"))
    up, down = (price * Decimal(draw.randint(104, 130)) / 100, price * Decimal("0.92"))
    target, stop = (
        (up, down) if side == "buy" else (price * Decimal("0.88"), price * Decimal("1.09"))
    )
    horizon = sao_paulo_day(now if is_live else written) + timedelta(days=30)
    idea = Idea(
        author=author,
        stock=stock,
        side=side,
        thesis=(thesis := draw.choice(THESES)),
        thesis_html=f"<p>{thesis}</p>",
        target=target.quantize(Decimal("0.01")),
        stop=stop.quantize(Decimal("0.01")),
        horizon=horizon,
        expires_at=end_of_day(horizon),
        status="open",
        quote_kind=settings.QUOTE_KIND,
        created_at=written,
        asked_at=written,
        adjusted_on=sao_paulo_day(written),
        price_at=price,
        priced_at=written,
        price_source="simulated",
        index_at=Decimal("130000.00"),
        search_text=fold(f"{stock.symbol} {stock.name} {thesis}"),
    )
    if not is_live:
        _end(idea, draw)
    idea.upper, idea.lower = levels(idea.side, idea.target, idea.stop)
    return idea


def _end(idea: Idea, draw: random.Random) -> None:
    assert idea.price_at is not None
    status = draw.choice(ENDED)
    other = idea.price_at * Decimal(draw.randint(94, 106)) / 100
    price = {"target": idea.target, "stopped": idea.stop}.get(status) or other
    index = Decimal(130_000) * Decimal(draw.randint(97, 103)) / 100
    at = idea.created_at + timedelta(days=draw.randint(1, 20))
    at = min(at, timezone.now())
    idea.close(status=status, price=price, at=at, source="simulated", index=index)


def _tag(ideas: list[Idea], draw: random.Random) -> None:
    Tag.objects.bulk_create([Tag(key=fold(n), name=n) for n in TAGS], ignore_conflicts=True)
    tags = list(Tag.objects.filter(key__in=[fold(name) for name in TAGS]))
    through: Any = Idea.tags.through
    rows = [through(idea_id=i.pk, tag_id=tag.pk) for i in ideas for tag in draw.sample(tags, 2)]
    through.objects.bulk_create(rows, batch_size=BATCH)


def make_comments(count: int, draw: random.Random) -> int:
    """Create comments on public ideas, and count them."""
    authors = list(User.objects.filter(is_active=True).order_by("pk")[:500])
    ideas = list(Idea.objects.public().exclude(price_at=None).order_by("-pk")[:2000])
    if not authors or not ideas:
        raise CommandError("there are no ideas yet: populate_ideas makes some")
    now = timezone.now()
    rows = []
    for n in range(count):
        text, idea = draw.choice(COMMENTS), draw.choice(ideas)
        at = now - timedelta(seconds=count - n)
        rows.append(
            IdeaComment(
                idea=idea,
                author=draw.choice(authors),
                body=text,
                body_html=f"<p>{text}</p>",
                created_at=at,
            )
        )
        idea.comments_count += 1
    IdeaComment.objects.bulk_create(rows, batch_size=BATCH)
    QuerySet[Idea](Idea).bulk_update(ideas, ["comments_count"], batch_size=BATCH)
    return len(rows)
