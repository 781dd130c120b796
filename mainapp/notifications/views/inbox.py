"""Pages of the inbox: list, read and delete notifications; list deliveries."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.pages import page_of
from mainapp.core.paths import get_owned_or_404
from mainapp.notifications.selectors.channels import places_of
from mainapp.notifications.selectors.deliveries import deliveries_of
from mainapp.notifications.selectors.inbox import inbox_of, notes, notes_by_day, unread_count
from mainapp.notifications.services.inbox import delete_notifications, mark_read

PAGE_SIZE = 20
LATEST = 7


@never_cache
def notifications(request: MemberRequest) -> HttpResponse:
    page = page_of(inbox_of(request.user), request.GET.get("page"), size=PAGE_SIZE)
    context = {
        "page": page,
        "days": notes_by_day(page.object_list),
        "unread": unread_count(request.user),
        "places": places_of(request.user),
    }
    return render(request, "mainapp/notifications/notifications.html", context)


@never_cache
def latest_notifications(request: MemberRequest) -> HttpResponse:
    """Return the newest notifications, a fragment for the bell's popover."""
    rows = inbox_of(request.user)[:LATEST]
    context = {"notes": notes(rows), "unread": unread_count(request.user)}
    return render(request, "mainapp/notifications/_latest.html", context)


def read_notification(request: MemberRequest, pk: int) -> HttpResponse:
    notification = get_owned_or_404(inbox_of(request.user), pk)
    mark_read(user=request.user, ids=[notification.pk], at=timezone.now())
    return redirect("notifications")


def read_all(request: MemberRequest) -> HttpResponse:
    mark_read(user=request.user, ids=None, at=timezone.now())
    return redirect("notifications")


def delete_notification(request: MemberRequest, pk: int) -> HttpResponse:
    notification = get_owned_or_404(inbox_of(request.user), pk)
    if request.method == "POST":
        delete_notifications(user=request.user, ids=[notification.pk], at=timezone.now())
        return redirect("notifications")
    context = {"notification": notification}
    return render(request, "mainapp/notifications/delete_notification.html", context)


def delete_all(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        delete_notifications(user=request.user, ids=None, at=timezone.now())
        return redirect("notifications")
    return render(request, "mainapp/notifications/delete_notification.html")


@never_cache
def deliveries(request: MemberRequest) -> HttpResponse:
    page = page_of(deliveries_of(request.user), request.GET.get("page"), size=PAGE_SIZE)
    return render(request, "mainapp/notifications/deliveries.html", {"page": page})
