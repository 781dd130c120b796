"""The page where the staff writes broadcasts."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.notifications.forms import BroadcastForm
from mainapp.notifications.selectors.deliveries import latest_broadcasts
from mainapp.notifications.services.broadcasts import send_broadcast


@never_cache
def broadcasts(request: MemberRequest) -> HttpResponse:
    form = BroadcastForm(request.POST or None)
    if form.is_valid():
        send_broadcast(author=request.user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, _("O aviso está em todas as caixas."))
        return redirect("broadcasts")
    context = {"form": form, "broadcasts": latest_broadcasts()}
    return render(request, "mainapp/notifications/broadcasts.html", context)
