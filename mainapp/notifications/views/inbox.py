"""The list of notifications, and what one does with them."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mainapp.notifications.models import Notification
from mainapp.notifications.selectors.deliveries import deliveries_of
from mainapp.notifications.selectors.inbox import inbox_of, owned_notification, unread_count
from mainapp.notifications.services.inbox import delete_notifications, mark_read
from mainapp.notifications.views import MemberRequest

PAGE = 20


@never_cache
@login_required
@require_safe
def notifications(request: MemberRequest) -> HttpResponse:
    page = Paginator(inbox_of(request.user), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "unread": unread_count(request.user)}
    return render(request, "mainapp/notifications/notifications.html", context)


@login_required
@require_POST
def read_notification(request: MemberRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    mark_read(user=request.user, ids=[found.pk], at=timezone.now())
    return redirect("notifications")


@login_required
@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    mark_read(user=request.user, ids=None, at=timezone.now())
    return redirect("notifications")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_notification(request: MemberRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    if request.method == "POST":
        delete_notifications(user=request.user, ids=[found.pk], at=timezone.now())
        return redirect("notifications")
    context = {"notification": found}
    return render(request, "mainapp/notifications/delete_notification.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_all(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        delete_notifications(user=request.user, ids=None, at=timezone.now())
        return redirect("notifications")
    return render(request, "mainapp/notifications/delete_notification.html")


@never_cache
@login_required
@require_safe
def deliveries(request: MemberRequest) -> HttpResponse:
    page = Paginator(deliveries_of(request.user), PAGE).get_page(request.GET.get("page"))
    return render(request, "mainapp/notifications/deliveries.html", {"page": page})


def _own(request: MemberRequest, pk: int) -> Notification:
    try:
        return owned_notification(request.user, pk)
    except Notification.DoesNotExist:
        raise Http404 from None
