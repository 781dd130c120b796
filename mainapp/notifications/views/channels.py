"""Pages of a user's channels: add, verify, test, switch, remove."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.notifications.forms import KINDS, ChannelForm, CodeForm
from mainapp.notifications.models import Channel
from mainapp.notifications.policies import MAX_CHANNELS
from mainapp.notifications.selectors.channels import (
    account_addresses,
    channels_of,
    is_account_mail_on,
    owned_channel,
)
from mainapp.notifications.services import channels as services
from mainapp.notifications.views import MemberRequest


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def channels(request: MemberRequest) -> HttpResponse:
    form = ChannelForm(request.POST or None, kind=(request.POST or request.GET).get("kind", ""))
    if form.is_valid():
        with shown_in_form(form, "address"):
            added = services.add_channel(user=request.user, at=timezone.now(), **form.cleaned_data)
            return redirect("notification-channel", pk=added.pk)
    context = {
        "form": form,
        "kinds": KINDS,
        "channels": channels_of(request.user),
        "max_channels": MAX_CHANNELS,
        "is_account_mail_on": is_account_mail_on(request.user),
        "account_address": account_addresses([request.user.pk]).get(request.user.pk),
    }
    return render(request, "mainapp/notifications/channels.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a channel and its actions; a POST carries the code that verifies it."""
    found = _own(request, pk)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        with shown_in_form(form, "code"):
            code = form.cleaned_data["code"]
            services.enter_code(channel=found, code=code, at=timezone.now())
            messages.success(request, _("O canal está confirmado."))
            return redirect("notification-channel", pk=pk)
    context = {"channel": found, "form": form}
    return render(request, "mainapp/notifications/channel.html", context)


@login_required
@require_POST
def verify(request: MemberRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    with shown_as_message(request):
        services.send_verification(channel=found, at=timezone.now())
        messages.success(request, _("A mensagem de confirmação está a caminho."))
    return redirect("notification-channel", pk=pk)


@login_required
@require_POST
def test(request: MemberRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    with shown_as_message(request):
        services.send_test(channel=found, at=timezone.now())
        messages.success(request, _("O teste está a caminho; o resultado aparece nos envios."))
    return redirect("notification-channel", pk=pk)


@login_required
@require_POST
def switch(request: MemberRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    services.switch_channel(channel=found, is_active=request.POST.get("is_active") == "1")
    return redirect("notification-channels")


@login_required
@require_POST
def switch_account_mail(request: MemberRequest) -> HttpResponse:
    is_active = request.POST.get("is_active") == "1"
    services.switch_account_mail(user=request.user, is_active=is_active, at=timezone.now())
    return redirect("notification-channels")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    if request.method == "POST":
        services.delete_channel(channel=found)
        return redirect("notification-channels")
    return render(request, "mainapp/notifications/delete_channel.html", {"channel": found})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm an e-mail address by a button, because mail scanners open links by themselves."""
    try:
        found = services.channel_of_key(key)
    except Channel.DoesNotExist:
        raise Http404 from None
    if request.method == "POST":
        services.confirm_channel(channel=found, at=timezone.now())
        found.refresh_from_db()
    return render(request, "mainapp/notifications/confirm_channel.html", {"channel": found})


def _own(request: MemberRequest, pk: int) -> Channel:
    try:
        return owned_channel(request.user, pk)
    except Channel.DoesNotExist:
        raise Http404 from None
