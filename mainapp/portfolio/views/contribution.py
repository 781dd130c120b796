"""The panel of the next contribution."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from mainapp.core.templatetags.formats import brl, brl_price, number
from mainapp.portfolio.allocation import Reason
from mainapp.portfolio.forms.contribution import ContributionForm
from mainapp.portfolio.selectors.contribution import Contribution, contribution_to
from mainapp.portfolio.selectors.page import Portfolio

MAX_TYPED = 40


def contribution_context(
    query: Mapping[str, str], portfolio: Portfolio, *, at: datetime
) -> dict[str, Any]:
    """Return the panel's context for the query's `aporte`, an empty one without it."""
    if "aporte" not in query:
        return {}
    form = ContributionForm(query)
    typed = {"aporte_typed": query["aporte"][:MAX_TYPED], "contribution_at": at}
    if not form.is_valid():
        return typed | {"aporte_errors": form.errors["aporte"]}
    contribution = contribution_to(portfolio, form.cleaned_data["aporte"])
    return typed | {
        "contribution": contribution,
        "reason_for_nothing": reason_for_nothing(contribution),
        "shopping_list": shopping_list(contribution),
    }


def reason_for_nothing(contribution: Contribution) -> str:
    """Return the reason why nothing is bought, "" if something is."""
    return {
        Reason.BUY: "",
        Reason.NO_CASH: _("Digite um valor maior que zero."),
        Reason.NO_QUOTE: _("Nenhum ativo da carteira tem cotação agora: não há como calcular."),
        Reason.NO_NOTA: _("Todas as notas são zero: dê uma nota aos ativos que quer comprar."),
        Reason.TOO_LITTLE: _("Este valor não compra nenhuma unidade do que está abaixo do ideal."),
        Reason.AT_IDEAL: _("Nenhuma compra deixaria a carteira mais perto do ideal."),
    }[contribution.plan.reason]


def shopping_list(contribution: Contribution) -> str:
    """Return the orders as plain text, one on each line, and their total."""
    lines = [
        _("%(shares)s %(ticker)s a %(price)s")
        % {"shares": number(shares, 0), "ticker": ticker, "price": brl_price(row.buy.price)}
        for row in contribution.buys
        for ticker, shares in row.buy.orders
    ]
    plan = contribution.plan
    lines.append(
        _("Total: %(spent)s; sobram %(left)s") % {"spent": brl(plan.spent), "left": brl(plan.left)}
    )
    return "\n".join(lines)
