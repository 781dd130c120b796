"""Demonstration ideas, judged as the simulated market would have judged them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import Club
from mainapp.core.models import Tag
from mainapp.ideas.conditions import EXPIRED, OPEN, STOPPED, TARGET, end_of_day
from mainapp.ideas.models import Idea
from mainapp.ideas.services.comments import comment
from mainapp.market.models import Stock
from mainapp.market.providers.configured import build_provider
from mainapp.market.quotes import Bar
from mainapp.market.selectors.markup import render_text
from mainapp.market.sessions import SAO_PAULO
from mainapp.market.symbols import INDEX, fold


class IdeaOutline(NamedTuple):
    """An idea of some sessions ago; target and stop are in percent of its price."""

    author: str
    symbol: str
    side: str
    sessions: int
    target_pct: int
    stop_pct: int
    horizon_days: int
    thesis: str
    tags: Sequence[str]
    is_public: bool = True
    comments: Sequence[tuple[str, str]] = ()


IDEAS = (
    IdeaOutline(
        *("beto", "PRIO3", "buy", 4, 9, -6, 45),
        "Produção sobe com o novo campo, e o preço do barril não precisa ajudar.\n\n"
        "- dívida caindo há três trimestres\n- recompra em andamento",
        ("petróleo", "balanço"),
        comments=(
            ("ana", "O stop está perto: em fevereiro ela caiu isso numa semana."),
            ("beto", "É de propósito. Se cair isso, eu estava errado."),
        ),
    ),
    IdeaOutline(
        *("ana", "ITUB4", "buy", 12, 7, -7, 60),
        "O lucro cresce acima da inflação há anos, e os proventos vêm todo mês.",
        ("bancos", "dividendos"),
        comments=(("davi", "Concordo, e a inadimplência caiu."),),
    ),
    IdeaOutline(
        *("davi", "BBAS3", "sell", 9, -8, 6, 40),
        "O agro pesa mais do que o preço mostra. Espero o próximo balanço.",
        ("bancos", "balanço"),
        comments=(("ana", "Com esse dividendo, eu não venderia."),),
    ),
    IdeaOutline(
        *("eva", "WEGE3", "buy", 3, 10, -8, 90),
        "Empresa ótima a um preço que não se via há um ano.",
        ("longo prazo",),
        is_public=False,
        comments=(("beto", "Bonito no gráfico também."),),
    ),
    IdeaOutline(
        *("clara", "VALE3", "neutral", 15, 0, 0, 30),
        "O minério não decide: fico de fora até o fim do ano.",
        ("mineração",),
    ),
    IdeaOutline(
        *("beto", "PETR4", "buy", 55, 5, -4, 20), "Rompeu a média de 20 com volume.", ("técnica",)
    ),
    IdeaOutline(
        *("beto", "VALE3", "sell", 48, -5, 4, 15), "Topo duplo no diário.", ("técnica", "mineração")
    ),
    IdeaOutline(
        *("beto", "ITUB4", "buy", 40, 4, -4, 15), "Fundo ascendente.", ("técnica", "bancos")
    ),
    IdeaOutline(*("beto", "WEGE3", "buy", 33, 6, -4, 12), "Repique do balanço.", ("técnica",)),
    IdeaOutline(*("beto", "BBAS3", "buy", 26, 5, -4, 12), "Suporte de longo prazo.", ("técnica",)),
    IdeaOutline(
        *("ana", "PETR4", "buy", 58, 8, -9, 40),
        "Os dividendos do trimestre pagam a espera.",
        ("petróleo", "dividendos"),
    ),
    IdeaOutline(
        *("ana", "BBAS3", "buy", 50, 6, -8, 30), "Barato pelo valor patrimonial.", ("bancos",)
    ),
    IdeaOutline(
        *("ana", "WEGE3", "buy", 44, 7, -8, 30), "Câmbio e exportação ajudam.", ("longo prazo",)
    ),
    IdeaOutline(
        *("ana", "VALE3", "buy", 36, 6, -8, 25),
        "Proventos extras à vista.",
        ("dividendos",),
    ),
    IdeaOutline(
        *("ana", "PRIO3", "buy", 29, 7, -9, 25),
        "Custo de extração dos menores.",
        ("petróleo",),
    ),
    IdeaOutline(
        *("davi", "ITUB4", "buy", 45, 4, -5, 20), "Juros altos por mais tempo.", ("bancos", "juros")
    ),
    IdeaOutline(
        *("eva", "PETR4", "sell", 30, -6, 5, 20),
        "A política de preços volta ao debate.",
        ("petróleo",),
        is_public=False,
    ),
)


def write_ideas(club: Club, users: Mapping[str, User], now: datetime) -> None:
    """Write ideas as they would have been judged by the simulated market's daily bars.

    There are none about real prices: a record of invented prices would be wrong.
    """
    source = build_provider("simulated")
    index = {_day_of(bar): bar for bar in source.history(INDEX, "1y", "1d")}
    for outline in IDEAS:
        bars = source.history(outline.symbol, "1y", "1d")[-1 - outline.sessions :]
        idea = _judged(outline, users[outline.author], bars, index)
        idea.club = None if outline.is_public else club
        idea.save()
        Tag.objects.bulk_create(
            [Tag(name=name, key=fold(name)) for name in outline.tags], ignore_conflicts=True
        )
        idea.tags.set(Tag.objects.filter(key__in=map(fold, outline.tags)))
        for author, body in outline.comments:
            comment(idea_pk=idea.pk, author=users[author], body=body, at=now)


def _judged(
    outline: IdeaOutline, author: User, bars: Sequence[Bar], index: Mapping[date, Bar]
) -> Idea:
    """Return an idea that was published at the close of the first bar."""
    first, at = bars[0], _close_of(bars[0])
    day = _day_of(first)
    stock = Stock.objects.get(symbol=outline.symbol)
    html, _people = render_text(outline.thesis)
    idea = Idea(
        author=author,
        stock=stock,
        side=outline.side,
        thesis=outline.thesis,
        thesis_html=html,
        target=_part(first.close, outline.target_pct),
        stop=_part(first.close, outline.stop_pct),
        horizon=day + timedelta(days=outline.horizon_days),
        expires_at=end_of_day(day + timedelta(days=outline.horizon_days)),
        status=OPEN,
        quote_kind="simulated",
        created_at=at,
        asked_at=at,
        adjusted_on=day,
        price_at=first.close,
        priced_at=at,
        price_source="simulated",
        index_at=index[day].close,
    )
    idea.describe()
    for bar in bars[1:]:
        if ending := _ending(idea, bar):
            status, price = ending
            on = _day_of(bar)
            idea.close(
                status=status,
                price=price,
                at=_close_of(bar),
                source="simulated",
                index=index[on].close,
            )
            break
    return idea


def _ending(idea: Idea, bar: Bar) -> tuple[str, Decimal] | None:
    """Return the outcome of a day; a day that reached both limits counts for the stop."""
    if _day_of(bar) > idea.horizon:
        return EXPIRED, bar.open
    if idea.target is None or idea.stop is None:
        return None
    is_up = idea.target > idea.stop
    if (bar.low <= idea.stop) if is_up else (bar.high >= idea.stop):
        return STOPPED, idea.stop
    if (bar.high >= idea.target) if is_up else (bar.low <= idea.target):
        return TARGET, idea.target
    return None


def _part(price: Decimal, pct: int) -> Decimal | None:
    return (price * (100 + pct) / 100).quantize(Decimal("0.01")) if pct else None


def _day_of(bar: Bar) -> date:
    return bar.starts_at.astimezone(SAO_PAULO).date()


def _close_of(bar: Bar) -> datetime:
    day = bar.starts_at.astimezone(SAO_PAULO)
    return min(day.replace(hour=16, minute=55), timezone.now() - timedelta(hours=1))
