"""Pages of the staff's campaigns: compose, preview, test, send, watch, cancel."""

from typing import Any

from csp.decorators import csp
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.notifications.forms import CampaignForm
from mainapp.notifications.models import Broadcast
from mainapp.notifications.selectors.audiences import reach_of
from mainapp.notifications.selectors.deliveries import latest_broadcasts, progress_of
from mainapp.notifications.services import broadcasts as services
from mainapp.notifications.services.composing import preview as preview_of

# The page is somebody's HTML: it runs nothing, loads nothing and sends nothing.
PREVIEW_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'none'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "sandbox": [""],
}


@never_cache
def broadcasts(request: MemberRequest) -> HttpResponse:
    form = CampaignForm(request.POST or None, author=request.user)
    if form.is_valid():
        with shown_in_form(form, "template"):
            draft = services.create_campaign(
                author=request.user, at=timezone.now(), **form.cleaned_data
            )
            return redirect("campaign", pk=draft.pk)
    context = {"form": form, "broadcasts": latest_broadcasts()}
    return render(request, "mainapp/notifications/broadcasts.html", context)


@never_cache
def campaign(request: MemberRequest, pk: int) -> HttpResponse:
    broadcast = _campaign(pk)
    is_draft = broadcast.state == Broadcast.State.DRAFT
    context = {
        "campaign": broadcast,
        "reach": reach_of(broadcast) if is_draft else None,
        "mails": [
            (language, preview_of(broadcast, actor=request.user, language=language))
            for language, _name in settings.LANGUAGES
            if broadcast.is_email
        ],
        "progress": progress_of(broadcast),
    }
    return render(request, "mainapp/notifications/campaign.html", context)


@never_cache
def progress(request: MemberRequest, pk: int) -> HttpResponse:
    """Return the counts of a campaign, a fragment that its page loads again."""
    broadcast = _campaign(pk)
    context = {"campaign": broadcast, "progress": progress_of(broadcast)}
    return render(request, "mainapp/notifications/_campaign_progress.html", context)


@csp(PREVIEW_POLICY)  # type: ignore[arg-type] # it passes all arguments on
@never_cache
def preview(request: HttpRequest, pk: int, language: str) -> HttpResponse:
    if language not in dict(settings.LANGUAGES):
        raise Http404
    actor: Any = request.user  # of the staff, by the page's policy
    return HttpResponse(preview_of(_campaign(pk), actor=actor, language=language).html)


def test(request: MemberRequest, pk: int) -> HttpResponse:
    language = request.POST.get("language", "")
    known = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with shown_as_message(request):
        services.send_test(
            broadcast=_campaign(pk), actor=request.user, language=known, at=timezone.now()
        )
        messages.success(request, _("O teste vai para o e-mail da sua conta."))
    return redirect("campaign", pk=pk)


def send(request: MemberRequest, pk: int) -> HttpResponse:
    with shown_as_message(request):
        services.send_campaign(broadcast=_campaign(pk), actor=request.user, at=timezone.now())
        messages.success(request, _("A campanha começou."))
    return redirect("campaign", pk=pk)


def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    with shown_as_message(request):
        services.cancel_campaign(broadcast=_campaign(pk), actor=request.user, at=timezone.now())
        messages.success(request, _("Campanha cancelada: o que ainda não saiu não será enviado."))
    return redirect("campaign", pk=pk)


def _campaign(pk: int) -> Broadcast:
    return get_object_or_404(Broadcast.objects.select_related("author"), pk=pk)
