"""Pausing, reactivating and deleting alerts."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mainapp.accounts.policies import MemberRequest
from mainapp.alerts.selectors.alerts import alerts_of, is_waiting_beyond, own_alerts
from mainapp.alerts.services import alerts as services
from mainapp.core.paths import get_owned_or_404


def pause_alert(request: MemberRequest, pk: int) -> HttpResponse:
    alert = get_owned_or_404(own_alerts(request.user), pk)
    services.pause_alert(alert=alert)
    messages.success(request, _("O alerta de %s está em pausa.") % alert.ativo.symbol)
    return redirect("alerts")


def resume_alert(request: MemberRequest, pk: int) -> HttpResponse:
    alert = get_owned_or_404(own_alerts(request.user), pk)
    services.resume_alert(alert=alert, at=timezone.now())
    messages.success(request, _("O alerta de %s está ligado de novo.") % alert.ativo.symbol)
    if is_waiting_beyond(alert):
        messages.info(request, _("O preço já passou do limite: o alerta espera a próxima vez."))
    return redirect("alerts")


def delete_alert(request: MemberRequest, pk: int) -> HttpResponse:
    alert = get_owned_or_404(own_alerts(request.user), pk)
    if request.method == "POST":
        services.delete_alert(alert=alert)
        messages.success(request, _("O alerta de %s foi apagado.") % alert.ativo.symbol)
        return redirect("alerts")
    return render(request, "mainapp/alerts/delete.html", {"alert": alert})


def delete_alerts(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        count = services.delete_alerts(owner=request.user, quote_kind=settings.QUOTE_KIND)
        text = ngettext("%s alerta foi apagado.", "%s alertas foram apagados.", count)
        messages.success(request, text % count)
        return redirect("alerts")
    context = {"count": alerts_of(request.user).count()}
    return render(request, "mainapp/alerts/delete_all.html", context)
