"""Unsubscribing from campaign e-mails by a signed link, without a log-in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from mainapp.accounts.services.preferences import save_preferences
from mainapp.core.paths import missing_as_404
from mainapp.notifications.services.composing import user_of_news_token


@csrf_exempt  # mail programs post without a page (RFC 8058); the token is the permission
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show a confirmation on GET, because mail scanners open links; unsubscribe on POST."""
    with missing_as_404():
        user = user_of_news_token(token)
    if request.method == "POST":
        save_preferences(user=user, gets_news=False)
    context = {"is_done": request.method == "POST"}
    return render(request, "mainapp/notifications/unsubscribe_news.html", context)
