"""Creating, changing, trading and deleting rows of a portfolio."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import page_sentence, shown_in_form
from mainapp.core.paths import get_owned_or_404
from mainapp.market.selectors.successions import succession_notes
from mainapp.portfolio.forms.carteira import CarteiraForm, TradeForm
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors import own_rows
from mainapp.portfolio.services import (
    AlreadyHeld,
    create_row,
    delete_row,
    record_buy,
    record_sale,
    update_row,
)
from mainapp.portfolio.valuation import ZERO


def create_carteira(request: MemberRequest) -> HttpResponse:
    form = CarteiraForm(
        request.POST if request.method == "POST" else None,
        initial={"ativo": request.GET.get("ativo", "")[:20]},
    )
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        with shown_in_form(form):
            try:
                row = create_row(owner=request.user, **form.cleaned_data)
            except AlreadyHeld as error:
                form.add_error("ativo", page_sentence(error))
                context["held_pk"] = error.row_pk
            else:
                messages.success(request, _("%s entrou na sua carteira.") % row.ativo.symbol)
                for note in succession_notes([request.POST["ativo"]]):
                    messages.info(request, note)
                return redirect("carteira")
    return render(request, "mainapp/portfolio/form.html", context)


def update_carteira(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_owned_or_404(own_rows(request.user), pk)
    form = _row_form(row, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with shown_in_form(form):
            update_row(
                row=row,
                preco_medio=form.cleaned_data["preco_medio"],
                quantidade=form.cleaned_data["quantidade"],
                nota=form.cleaned_data["nota"],
            )
            messages.success(request, _("%s foi alterado.") % row.ativo.symbol)
            return redirect("carteira")
    context = {"form": form, "trade": TradeForm(prefix="op"), "row": row}
    return render(request, "mainapp/portfolio/form.html", context)


def trade_carteira(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_owned_or_404(own_rows(request.user), pk)
    trade = TradeForm(request.POST, prefix="op")
    if trade.is_valid():
        with shown_in_form(trade):
            _record(row, trade.cleaned_data)
            messages.success(request, _("A operação em %s foi registrada.") % row.ativo.symbol)
            return redirect("carteira")
    context = {"form": _row_form(row), "trade": trade, "row": row}
    return render(request, "mainapp/portfolio/form.html", context)


def delete_carteira(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_owned_or_404(own_rows(request.user), pk)
    if request.method == "POST":
        delete_row(row=row)
        messages.success(request, _("%s saiu da sua carteira.") % row.ativo.symbol)
        return redirect("carteira")
    return render(request, "mainapp/portfolio/delete.html", {"row": row})


def _row_form(row: Carteira, data: Any = None) -> CarteiraForm:
    names = ("preco_medio", "quantidade", "nota")
    return CarteiraForm(data, stock=row.ativo, initial={name: getattr(row, name) for name in names})


def _record(row: Carteira, trade: dict[str, Any]) -> None:
    if trade["operacao"] == "venda":
        record_sale(row=row, quantity=trade["quantidade"])
    else:
        record_buy(
            row=row,
            quantity=trade["quantidade"],
            price=trade["preco"],
            costs=trade["custos"] or ZERO,
        )
