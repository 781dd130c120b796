"""Pages of a user's channels: add, verify, test, switch, remove."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.paths import get_owned_or_404, missing_as_404
from mainapp.notifications.forms import KIND_FIELDS, KINDS, ChannelForm, CodeForm, DeviceForm
from mainapp.notifications.models import Delivery
from mainapp.notifications.policies import DEVICE, MAX_CHANNELS
from mainapp.notifications.selectors.channels import (
    account_addresses,
    channels_of,
    channels_with_outcomes,
    is_account_mail_on,
)
from mainapp.notifications.services import channels as services


@never_cache
def channels(request: MemberRequest) -> HttpResponse:
    form = ChannelForm(request.POST or None, kind=(request.POST or request.GET).get("kind", ""))
    if form.is_valid():
        with shown_in_form(form, "address"):
            added = services.add_channel(user=request.user, at=timezone.now(), **form.cleaned_data)
            return redirect("notification-channel", pk=added.pk)
    context = {
        "form": form,
        "kinds": [(kind, label, KIND_FIELDS[kind]) for kind, label in KINDS],
        "is_adding": bool(request.method == "POST" or request.GET.get("kind")),
        "channels": [
            (
                channel,
                KIND_FIELDS.get(channel.kind),
                Delivery.State(channel.last_state) if channel.last_state else None,
            )
            for channel in channels_with_outcomes(request.user)
        ],
        "this_device": request.session.get(DEVICE),
        "max_channels": MAX_CHANNELS,
        "is_account_mail_on": is_account_mail_on(request.user),
        "account_address": account_addresses([request.user.pk]).get(request.user.pk),
    }
    return render(request, "mainapp/notifications/channels.html", context)


@never_cache
def channel(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a channel and its actions; a POST contains the code that verifies it."""
    own_channel = get_owned_or_404(channels_of(request.user), pk)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        with shown_in_form(form, "code"):
            code = form.cleaned_data["code"]
            services.enter_code(channel=own_channel, code=code, at=timezone.now())
            messages.success(request, _("O canal está confirmado."))
            return redirect("notification-channel", pk=pk)
    context = {
        "channel": own_channel,
        "form": form,
        "device_form": DeviceForm(instance=own_channel) if own_channel.is_device else None,
    }
    return render(request, "mainapp/notifications/channel.html", context)


def verify(request: MemberRequest, pk: int) -> HttpResponse:
    own_channel = get_owned_or_404(channels_of(request.user), pk)
    with shown_as_message(request):
        services.send_verification(channel=own_channel, at=timezone.now())
        messages.success(request, _("A mensagem de confirmação está a caminho."))
    return redirect("notification-channel", pk=pk)


def test(request: MemberRequest, pk: int) -> HttpResponse:
    own_channel = get_owned_or_404(channels_of(request.user), pk)
    with shown_as_message(request):
        services.send_test(channel=own_channel, at=timezone.now())
        messages.success(request, _("O teste está a caminho; o resultado aparece nas entregas."))
    return redirect("notification-channel", pk=pk)


def switch(request: MemberRequest, pk: int) -> HttpResponse:
    own_channel = get_owned_or_404(channels_of(request.user), pk)
    services.switch_channel(channel=own_channel, is_active=request.POST.get("is_active") == "1")
    return redirect("notification-channels")


def switch_account_mail(request: MemberRequest) -> HttpResponse:
    is_active = request.POST.get("is_active") == "1"
    services.switch_account_mail(user=request.user, is_active=is_active, at=timezone.now())
    return redirect("notification-channels")


def delete(request: MemberRequest, pk: int) -> HttpResponse:
    own_channel = get_owned_or_404(channels_of(request.user), pk)
    if request.method == "POST":
        services.delete_channel(channel=own_channel)
        return redirect("notification-channels")
    return render(request, "mainapp/notifications/delete_channel.html", {"channel": own_channel})


@never_cache
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm an e-mail address with a button, because mail scanners follow links automatically."""
    with missing_as_404():
        own_channel = services.channel_of_key(key)
    if request.method == "POST":
        services.confirm_channel(channel=own_channel, at=timezone.now())
        own_channel.refresh_from_db()
    return render(request, "mainapp/notifications/confirm_channel.html", {"channel": own_channel})
