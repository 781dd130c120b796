"""Web push of the browser that sends the request, and the settings of a user's other devices."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import json_response
from mainapp.core.exceptions import DomainError
from mainapp.core.paths import get_owned_or_404
from mainapp.notifications.forms import DeviceForm, SubscriptionForm
from mainapp.notifications.models import Channel
from mainapp.notifications.policies import DEVICE
from mainapp.notifications.selectors.channels import channels_of, device_of
from mainapp.notifications.services import channels as services
from mainapp.notifications.services.devices import store_device
from mainapp.notifications.transports import vapid


@never_cache
def this_device(request: MemberRequest) -> JsonResponse:
    """Return the state of this browser's device; a POST first stores its subscription.

    With `renews` it only replaces that of a device that the user has: one that was removed on
    another device stays removed.

    The service worker has no page, so it reads the token for its POSTs here; other sites cannot.
    """
    if request.method == "POST":
        try:
            if device := _store(request):
                request.session[DEVICE] = device.pk
        except DomainError as error:
            return json_response(error)
    device = device_of(request.user, request.session.get(DEVICE))
    return JsonResponse(
        {
            "key": _public_key(),
            "csrf_token": get_token(request),
            "device": device.pk if device else None,
            "endpoint": device.address if device else "",
        }
    )


def edit_device(request: MemberRequest, pk: int) -> HttpResponse:
    device = get_owned_or_404(channels_of(request.user).filter(kind=Channel.Kind.PUSH), pk)
    form = DeviceForm(request.POST, instance=device)
    if form.is_valid():
        services.edit_device(channel=device, **form.cleaned_data)
        messages.success(request, _("Salvo."))
    return redirect("notification-channel", pk=pk)


def _store(request: MemberRequest) -> Channel | None:
    form = SubscriptionForm(request.POST)
    if not form.is_valid() or not _public_key():
        raise DomainError("invalid", gettext_noop("O navegador não deu uma inscrição que valha."))
    return store_device(
        user=request.user,
        endpoint=form.cleaned_data["endpoint"],
        keys=form.keys,
        name=form.cleaned_data["name"],
        known=request.session.get(DEVICE),
        is_new=not form.cleaned_data["renews"],
        at=timezone.now(),
    )


def _public_key() -> str:
    """Return the key for `pushManager.subscribe`, "" while the site cannot send."""
    try:
        return vapid.public_key_text()
    except vapid.KeyMissing:
        return ""
