"""What to buy with some cash, and how the portfolio would be after it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mainapp.portfolio.allocation import Buy, Plan, next_contribution
from mainapp.portfolio.selectors.page import Portfolio
from mainapp.portfolio.valuation import EXACT, percent


@dataclass(frozen=True, slots=True)
class PlannedBuy:
    """A buy and the share, in percent, that its paper would then have."""

    buy: Buy
    new_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """A plan at the portfolio's quotes, of which `quoted_at` is the newest's time."""

    plan: Plan
    buys: list[PlannedBuy]
    left_out: tuple[str, ...]
    quoted_at: datetime | None


def contribution_to(portfolio: Portfolio, cash: Decimal) -> Contribution:
    """Return the plan for `cash` (R$): no query; `next_contribution` tells its cost."""
    valuation = portfolio.valuation
    plan = next_contribution(valuation.rows, cash)
    worth = {row.holding.symbol: row.total or Decimal(0) for row in valuation.rows}
    whole = EXACT.add(valuation.patrimony, plan.spent)
    return Contribution(
        plan=plan,
        buys=[
            PlannedBuy(buy, percent(EXACT.add(worth[buy.symbol], buy.cost), whole))
            for buy in plan.buys
        ],
        left_out=valuation.left_out,
        quoted_at=max(
            (quote.quoted_at for quote in portfolio.quotes.values() if quote.quoted_at),
            default=None,
        ),
    )
