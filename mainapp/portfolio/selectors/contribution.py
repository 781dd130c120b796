"""The next contribution and the portfolio's shares after it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mainapp.portfolio.allocation import Buy, Plan, next_contribution
from mainapp.portfolio.selectors.page import Portfolio
from mainapp.portfolio.valuation import EXACT, percent


@dataclass(frozen=True, slots=True)
class PlannedBuy:
    """A purchase and the share, in percent, that the stock would have afterwards."""

    buy: Buy
    new_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """A plan at the portfolio's quotes; `quoted_at` is the time of the newest one."""

    plan: Plan
    buys: list[PlannedBuy]
    left_out: tuple[str, ...]
    quoted_at: datetime | None


def contribution_to(portfolio: Portfolio, cash: Decimal) -> Contribution:
    """Return the plan for `cash` (R$). No query; the cost is that of `next_contribution`."""
    valuation = portfolio.valuation
    plan = next_contribution(valuation.rows, cash)
    worth = {row.holding.symbol: row.total or Decimal(0) for row in valuation.rows}
    whole = EXACT.add(valuation.total_value, plan.spent)
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
