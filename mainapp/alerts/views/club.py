"""The alerts that members of a club share."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from mainapp.alerts.selectors.shared import shareable_alerts, shared_alerts, shared_rows
from mainapp.alerts.services.sharing import set_subscription, share_alert, unshare_alert
from mainapp.clubs.exceptions import ClubGone
from mainapp.clubs.policies import ClubRequest
from mainapp.core.errors import shown_as_message
from mainapp.core.pages import page_of
from mainapp.core.paths import parse_key
from mainapp.market.selectors.feed import market_status

PAGE_SIZE = 50


@vary_on_headers("HX-Request")
def club_alerts(request: ClubRequest, slug: str) -> HttpResponse:
    """Show the shared alerts; scripts load the list alone, again and again."""
    at, shared = timezone.now(), shared_alerts(request.club.pk, request.user)
    page = page_of(shared, request.GET.get("page"), size=PAGE_SIZE)
    context = {
        "club": request.club,
        "member": request.member,
        "page": page,
        "rows": shared_rows(page.object_list, request.user, at=at),
        **market_status(at=at),
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "mainapp/alerts/club/_rows.html", context)
    context["shareable"] = shareable_alerts(request.user, at=at)
    return render(request, "mainapp/alerts/club/alerts.html", context)


def share(request: ClubRequest, slug: str) -> HttpResponse:
    with shown_as_message(request):
        share_alert(
            club_pk=request.club.pk,
            actor=request.user,
            alert_pk=parse_key(request.POST.get("alert", "")) or 0,
            at=timezone.now(),
        )
        messages.success(request, _("O clube vê o seu alerta, e quem quiser o recebe."))
    return redirect("club-alerts", slug=slug)


def receive(request: ClubRequest, slug: str, pk: int) -> HttpResponse:
    """Begin to receive a shared alert with `on`, and end it without."""
    is_on = request.POST.get("on") == "1"
    try:
        set_subscription(
            club_pk=request.club.pk,
            shared_pk=pk,
            user=request.user,
            is_on=is_on,
            at=timezone.now(),
        )
    except ClubGone:
        raise Http404 from None
    messages.success(
        request,
        _("Quando ele disparar, você também recebe a notificação.")
        if is_on
        else _("Você não recebe mais este alerta."),
    )
    return redirect("club-alerts", slug=slug)


def unshare(request: ClubRequest, slug: str, pk: int) -> HttpResponse:
    with shown_as_message(request):
        try:
            unshare_alert(club_pk=request.club.pk, shared_pk=pk, actor=request.user)
        except ClubGone:
            raise Http404 from None
        messages.success(request, _("O alerta saiu do clube."))
    return redirect("club-alerts", slug=slug)
