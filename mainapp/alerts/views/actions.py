"""Pausing, reactivating and deleting alerts."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from mainapp.alerts.selectors.alerts import alerts_of, is_waiting_beyond
from mainapp.alerts.services import alerts as services
from mainapp.alerts.views.owned import OwnerRequest, own_alert


@login_required
@require_POST
def pause_alert(request: OwnerRequest, pk: str) -> HttpResponse:
    alert = own_alert(request, pk)
    services.pause_alert(alert=alert)
    messages.success(request, _("O alerta de %s está em pausa.") % alert.ativo.symbol)
    return redirect("alerts")


@login_required
@require_POST
def resume_alert(request: OwnerRequest, pk: str) -> HttpResponse:
    alert = own_alert(request, pk)
    services.resume_alert(alert=alert, at=timezone.now())
    messages.success(request, _("O alerta de %s está ativo de novo.") % alert.ativo.symbol)
    if is_waiting_beyond(alert):
        messages.info(request, _("O preço já passou do limite: o alerta espera a próxima vez."))
    return redirect("alerts")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_alert(request: OwnerRequest, pk: str) -> HttpResponse:
    alert = own_alert(request, pk)
    if request.method == "POST":
        services.delete_alert(alert=alert)
        messages.success(request, _("O alerta de %s foi apagado.") % alert.ativo.symbol)
        return redirect("alerts")
    return render(request, "mainapp/alerts/delete.html", {"alert": alert})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_alerts(request: OwnerRequest) -> HttpResponse:
    if request.method == "POST":
        count = services.delete_alerts(owner=request.user, simulated=settings.SIMULATED)
        text = ngettext("%s alerta foi apagado.", "%s alertas foram apagados.", count)
        messages.success(request, text % count)
        return redirect("alerts")
    context = {"count": alerts_of(request.user).count()}
    return render(request, "mainapp/alerts/delete_all.html", context)
