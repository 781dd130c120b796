"""The carteira of a club: percents of the members who show theirs, never amounts.

Consent and membership are read with each request: both end at once.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mainapp.accounts.models import User
from mainapp.clubs.models import ClubMember
from mainapp.market.selectors.quotes import last_quotes
from mainapp.portfolio.allocation import ShareBar
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.valuation import EXACT, to_cents

# Carteiras in a mean, at least: that of fewer would tell who has what.
LEAST = 3
SPACE = 1000


@dataclass(frozen=True, slots=True)
class Share:
    """A stock's part of a carteira in percent, to 2 places.

    The largest one of all carteiras fills its `bar`, so that bars of different ones compare.
    """

    symbol: str
    pct: Decimal
    bar: ShareBar


@dataclass(frozen=True, slots=True)
class MemberShares:
    """The carteira of a member, the largest shares first."""

    user: User
    shares: Sequence[Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClubPortfolio:
    """The carteiras that members show, and their plain mean if they are at least LEAST.

    Members who show an empty or worthless carteira are left out. `missing` is the number of
    carteiras that the mean still lacks.
    """

    mean: Sequence[Share] | None
    members: Sequence[MemberShares]

    @property
    def missing(self) -> int:
        return max(0, LEAST - len(self.members))


def club_portfolio(club_pk: int) -> ClubPortfolio:
    """Return the carteira of a club at the last quotes; three queries."""
    consenting = ClubMember.objects.filter(
        club=club_pk, club__archived_at=None, shares_portfolio=True, user__is_active=True
    )
    users = {row.user_id: row.user for row in consenting.select_related("user")}
    parts = _parts_of(users)
    shown = sorted(parts, key=lambda pk: (users[pk].name.casefold(), pk))
    largest = max((pct for shares in parts.values() for pct in shares.values()), default=Decimal(0))
    mean = _mean(list(parts.values())) if len(parts) >= LEAST else None
    return ClubPortfolio(
        mean=_shares(mean, largest) if mean is not None else None,
        members=[MemberShares(users[pk], _shares(parts[pk], largest)) for pk in shown],
    )


def _parts_of(users: Collection[int]) -> dict[int, dict[str, Decimal]]:
    """Return the exact percents of each user's carteira by symbol; two queries."""
    rows = Carteira.objects.filter(owner__in=users, quantidade__gt=0).order_by()
    held = list(rows.values_list("owner_id", "ativo__symbol", "quantidade"))
    quotes = last_quotes({symbol for _owner, symbol, _quantity in held})
    values: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for owner, symbol, quantity in held:
        quote = quotes.get(symbol)
        if quote and quote.price.is_finite() and quote.price > 0:
            values[owner][symbol] = EXACT.multiply(quote.price, quantity)
    return {owner: _percents(by_symbol) for owner, by_symbol in values.items()}


def _percents(values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    total = sum(values.values(), Decimal(0))
    return {
        symbol: EXACT.divide(EXACT.multiply(value, Decimal(100)), total)
        for symbol, value in values.items()
    }


def _mean(carteiras: Sequence[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Return the plain mean: each carteira counts alike, whatever its worth."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for carteira in carteiras:
        for symbol, pct in carteira.items():
            sums[symbol] = EXACT.add(sums[symbol], pct)
    return {symbol: EXACT.divide(pct, Decimal(len(carteiras))) for symbol, pct in sums.items()}


def _shares(percents: Mapping[str, Decimal], largest: Decimal) -> list[Share]:
    ordered = sorted(percents.items(), key=lambda each: (-each[1], each[0]))
    return [
        Share(symbol, to_cents(pct), ShareBar(int(pct / largest * SPACE), None))
        for symbol, pct in ordered
    ]
