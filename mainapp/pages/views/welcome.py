"""The two steps after sign-up: stocks to follow, and ways to be reached. Both can be skipped."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_in_form
from mainapp.market.selectors.index_map import index_map
from mainapp.market.services.watchlists import edit_current
from mainapp.notifications.forms import KIND_FIELDS, KINDS
from mainapp.notifications.models import Channel
from mainapp.notifications.selectors.channels import account_addresses, is_account_mail_on
from mainapp.notifications.services.channels import switch_account_mail
from mainapp.pages.forms import FollowForm, ReachForm

OFFERED = 24


@never_cache
def stocks(request: MemberRequest) -> HttpResponse:
    rows = index_map(on=timezone.localdate()).rows[:OFFERED]
    form = FollowForm(_data(request), offered=[row.symbol for row in rows])
    if form.is_valid():
        with shown_in_form(form, "more"):
            edited = edit_current(owner=request.user, add=form.chosen, remove=[])
            if edited.unknown:
                words = _("Não conhecemos %(symbols)s; o resto está na sua lista.")
                messages.warning(request, words % {"symbols": ", ".join(edited.unknown)})
            return redirect("welcome-channels")
    context = {"form": form, "rows": rows, "chosen": form["symbols"].value() or []}
    return render(request, "mainapp/pages/welcome_stocks.html", context)


@never_cache
def channels(request: MemberRequest) -> HttpResponse:
    sends_mail = bool(settings.EMAIL_HOST)
    address = account_addresses([request.user.pk]).get(request.user.pk) if sends_mail else None
    form = ReachForm(_data(request))
    if form.is_valid():
        if address:
            is_active = form.cleaned_data["by_mail"]
            switch_account_mail(user=request.user, is_active=is_active, at=timezone.now())
        messages.success(request, _("Tudo pronto."))
        return redirect("home")
    context = {
        "address": address,
        "sends_mail": sends_mail,
        "is_mail_on": is_account_mail_on(request.user),
        "kinds": [
            (kind, label, KIND_FIELDS[kind]) for kind, label in KINDS if kind != Channel.Kind.EMAIL
        ],
    }
    return render(request, "mainapp/pages/welcome_channels.html", context)


def _data(request: MemberRequest) -> QueryDict | None:
    """Return the data of a submitted form, which may be empty; None when the form is only shown."""
    return request.POST if request.method == "POST" else None
