"""Creating and editing an alert, with a preview before it is saved."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.alerts.forms import AlertForm
from mainapp.alerts.models import Alert
from mainapp.alerts.policies import ALERT_LIMIT
from mainapp.alerts.selectors.alerts import alerts_of, is_waiting_beyond, own_alerts
from mainapp.alerts.selectors.firings import MARKS_SHOWN, limit_marks
from mainapp.alerts.selectors.preview import Preview, beyond_note, preview_of
from mainapp.alerts.services.addresses import request_address
from mainapp.alerts.services.alerts import create_alert as create
from mainapp.alerts.services.alerts import update_alert as update
from mainapp.alerts.services.announcing import FIRED
from mainapp.core.errors import page_sentence, shown_in_form
from mainapp.core.exceptions import DomainError
from mainapp.core.paths import get_owned_or_404, parse_key
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.successions import succession_notes
from mainapp.notifications.models import Channel
from mainapp.notifications.selectors.channels import deliveries_for

# Shares of the price in percent that the form offers as limits.
QUICK_FALLS, QUICK_RISES = (-3, -5, -10), (3, 5, 10)
NEAR_LIMIT = 0.9


def create_alert(request: MemberRequest) -> HttpResponse:
    form = AlertForm(
        request.POST if request.method == "POST" else None,
        owner=request.user,
        initial={"ativo": request.GET.get("ativo", "")[:20]},
    )
    return _answer(request, form)


def update_alert(request: MemberRequest, pk: int) -> HttpResponse:
    alert = get_owned_or_404(own_alerts(request.user), pk)
    data = request.POST if request.method == "POST" else None
    return _answer(request, AlertForm(data, owner=request.user, alert=alert))


def preview_alert(request: MemberRequest) -> HttpResponse:
    """Return the preview, a fragment of the form's page."""
    text = request.POST.get("alert", "")
    saved = get_owned_or_404(own_alerts(request.user), parse_key(text)) if text else None
    form = AlertForm(request.POST, owner=request.user, alert=saved)
    return render(request, "mainapp/alerts/_preview.html", _preview_context(form))


def _answer(request: MemberRequest, form: AlertForm) -> HttpResponse:
    """Save a submitted form, or show it again; with `preview` in the form nothing is saved."""
    if "preview" not in request.POST and form.is_valid():
        with shown_in_form(form):
            alert = _save(request, form)
            _show_outcome(request, alert)
            return redirect("alerts")
    preview = _preview_context(form)
    quote = last_quotes([preview["symbol"]]).get(preview["symbol"])
    context = {
        "form": form,
        "alert": form.alert,
        "quick_falls": QUICK_FALLS,
        "quick_rises": QUICK_RISES,
        **_alert_count(request, form),
        "places": _places(request),
        "quote": quote,
        **market_status(at=timezone.now(), newest_at=quote.quoted_at if quote else None),
    }
    return render(request, "mainapp/alerts/form.html", context | preview)


def _alert_count(request: MemberRequest, form: AlertForm) -> dict[str, Any]:
    """Return the number of a user's alerts, which the form of a new one shows near the limit."""
    if form.alert:
        return {}
    count = alerts_of(request.user).count()
    is_near_limit = count >= ALERT_LIMIT * NEAR_LIMIT
    return {"count": count, "limit": ALERT_LIMIT, "is_near_limit": is_near_limit}


def _places(request: MemberRequest) -> list[tuple[str, str]]:
    """Return the kind and the address of each place that gets the user's alerts."""
    destinations = deliveries_for([request.user], FIRED)[request.user.pk]
    return [(str(Channel.Kind(each.kind).label), each.shown_address) for each in destinations]


def _save(request: MemberRequest, form: AlertForm) -> Alert:
    at, fields = timezone.now(), form.cleaned_data
    if form.alert:
        return update(alert=form.alert, fields=fields, at=at)
    return create(owner=request.user, fields=fields, quote_kind=settings.QUOTE_KIND, at=at)


def _show_outcome(request: MemberRequest, alert: Alert) -> None:
    """Add messages: the alert was saved, waits for a new crossing, or its address is unverified."""
    messages.success(request, _("O alerta de %s foi salvo.") % alert.ativo.symbol)
    for note in succession_notes([request.POST["ativo"]]):
        messages.info(request, note)
    if is_waiting_beyond(alert):
        messages.info(request, _("O preço já passou do limite: o alerta espera a próxima vez."))
    try:
        address_status = request_address(owner=request.user, email=alert.email, at=timezone.now())
    except DomainError as error:
        messages.warning(request, page_sentence(error))
        return
    notes = {
        "requested": _("Enviamos um link a %s: até ser aberto, nada vai para lá."),
        "waiting": _("%s ainda não foi confirmado: até lá, nada vai para esse endereço."),
        "off": _("%s está desligado nos seus canais: nada vai para lá."),
    }
    if address_status in notes:
        messages.warning(request, notes[address_status] % alert.email)


def _preview_context(form: AlertForm) -> dict[str, Any]:
    """Return the preview of a form, or its errors; of an unsubmitted form, its initial values'."""
    bound = form if form.is_bound else AlertForm(_shown(form), owner=form.owner, alert=form.alert)
    if bound.is_valid():
        preview = preview_of(form.owner, bound.cleaned_data, at=timezone.now(), saved=form.alert)
        return {
            "preview": preview,
            "beyond_note": beyond_note(preview),
            "marks": _marks(preview),
            "symbol": preview.alert.ativo.symbol,
        }
    stock = bound.cleaned_data.get("ativo")
    lacks = [error for errors in bound.errors.values() for error in errors]
    has_limit = any(bound.data.get(name) for name in ("compra", "venda"))
    has_limit = has_limit or any(bound.data.get(f"change_{way}_pct") for way in ("up", "down"))
    return {
        "symbol": stock.symbol if stock else "",
        "lacks": lacks if has_limit and form.is_bound else [],
    }


def _shown(form: AlertForm) -> dict[str, Any]:
    """Return the initial values of an unsubmitted form, as a browser would submit them."""
    values = {bound.name: bound.value() for bound in form}
    return {
        name: value for name, value in values.items() if value is not None and value is not False
    }


def _marks(preview: Preview) -> dict[str, Any]:
    """Return the chart's marks of a preview: its limits, and its firings on daily candles."""
    symbol = preview.alert.ativo.symbol
    return {
        "limits": list(limit_marks(preview.alert, symbol)),
        "firings": [
            {"time": int(firing.at.timestamp()), "kind": firing.kind, "price": f"{firing.price:f}"}
            for firing in preview.firings[-MARKS_SHOWN:]
        ],
    }
