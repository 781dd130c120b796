"""Pausing an alert from its e-mail without logging in, by a signed link."""

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from mainapp.alerts.models import Alert
from mainapp.alerts.services.alerts import pause_alert
from mainapp.alerts.services.announcing import UNSUBSCRIBE_SALT


@csrf_exempt  # mail programs post without a page (RFC 8058); the token is the permission
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show a confirmation on GET, because mail scanners open links; pause the alert on POST."""
    alert = _alert_of(token)
    if request.method == "POST":
        pause_alert(alert=alert)
    context = {"alert": alert, "is_done": request.method == "POST"}
    return render(request, "mainapp/alerts/unsubscribe.html", context)


def _alert_of(token: str) -> Alert:
    try:
        pk = signing.loads(token, salt=UNSUBSCRIBE_SALT)
        return Alert.objects.select_related("ativo").get(pk=pk)
    except (signing.BadSignature, Alert.DoesNotExist):
        raise Http404 from None
