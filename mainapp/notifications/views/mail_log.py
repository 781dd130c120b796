"""The log of e-mails and their attempts, for admins."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message
from mainapp.core.pages import page_of
from mainapp.notifications.forms import MailLogForm
from mainapp.notifications.models import Delivery
from mainapp.notifications.selectors.deliveries import mails
from mainapp.notifications.services.campaign_mails import retry_mail

PAGE_SIZE = 50


@never_cache
def mail_log(request: MemberRequest) -> HttpResponse:
    form = MailLogForm(request.GET or None)
    filters = form.cleaned_data if form.is_valid() else {}
    rows = mails(**{name: value for name, value in filters.items() if value})
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": page_of(rows, request.GET.get("page"), size=PAGE_SIZE),
        "query": query.urlencode(),
        "is_filtered": any(filters.values()),
    }
    return render(request, "mainapp/notifications/mail_log.html", context)


def retry(request: MemberRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery, pk=pk, kind="email")
    with shown_as_message(request):
        retry_mail(delivery=delivery, actor=request.user, at=timezone.now())
        messages.success(request, _("O e-mail está de novo na fila."))
    return redirect("mail-log")
