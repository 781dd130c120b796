"""The rows of a portfolio: one is created, changed, traded in, and deleted."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mainapp.accounts.models import User
from mainapp.core.errors import page_sentence, shown_in_form
from mainapp.portfolio.forms.carteira import CarteiraForm, TradeForm
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors import owned_row
from mainapp.portfolio.services import (
    AlreadyHeld,
    create_row,
    delete_row,
    record_buy,
    record_sale,
    update_row,
)
from mainapp.portfolio.valuation import ZERO

MAX_PK_DIGITS = 18


class OwnerRequest(HttpRequest):
    """A request that `login_required` let through."""

    user: User


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create_carteira(request: OwnerRequest) -> HttpResponse:
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
                return redirect("carteira")
    return render(request, "mainapp/portfolio/form.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def update_carteira(request: OwnerRequest, pk: str) -> HttpResponse:
    row = _own(request, pk)
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


@login_required
@require_POST
def trade_carteira(request: OwnerRequest, pk: str) -> HttpResponse:
    row = _own(request, pk)
    trade = TradeForm(request.POST, prefix="op")
    if trade.is_valid():
        with shown_in_form(trade):
            _record(row, trade.cleaned_data)
            messages.success(request, _("A operação em %s foi registrada.") % row.ativo.symbol)
            return redirect("carteira")
    context = {"form": _row_form(row), "trade": trade, "row": row}
    return render(request, "mainapp/portfolio/form.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_carteira(request: OwnerRequest, pk: str) -> HttpResponse:
    row = _own(request, pk)
    if request.method == "POST":
        delete_row(row=row)
        messages.success(request, _("%s saiu da sua carteira.") % row.ativo.symbol)
        return redirect("carteira")
    return render(request, "mainapp/portfolio/delete.html", {"row": row})


def _own(request: OwnerRequest, pk: str) -> Carteira:
    """Return the row; what is somebody else's, nobody's or no number is not found alike."""
    if not (pk.isascii() and pk.isdigit() and len(pk) <= MAX_PK_DIGITS and str(int(pk)) == pk):
        raise Http404
    try:
        return owned_row(request.user, int(pk))
    except Carteira.DoesNotExist:
        raise Http404 from None


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
