"""The staff's notices to everybody."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest, level_required
from mainapp.notifications.forms import BroadcastForm
from mainapp.notifications.selectors.deliveries import latest_broadcasts
from mainapp.notifications.services.broadcasts import send_broadcast


@never_cache
@level_required(User.Access.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def broadcasts(request: MemberRequest) -> HttpResponse:
    form = BroadcastForm(request.POST or None)
    if form.is_valid():
        send_broadcast(author=request.user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, _("O aviso está em todas as caixas."))
        return redirect("broadcasts")
    context = {"form": form, "broadcasts": latest_broadcasts()}
    return render(request, "mainapp/notifications/broadcasts.html", context)
