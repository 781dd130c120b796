"""Whose an alert is: somebody else's and one that is not there answer alike."""

from django.http import Http404, HttpRequest

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert
from mainapp.alerts.selectors.alerts import owned_alert

MAX_PK_DIGITS = 18


class OwnerRequest(HttpRequest):
    """A request that `login_required` let through."""

    user: User


def own_alert(request: OwnerRequest, pk: str) -> Alert:
    """Return the alert; what is somebody else's, nobody's or no number is not found alike."""
    if not (pk.isascii() and pk.isdigit() and len(pk) <= MAX_PK_DIGITS):
        raise Http404
    try:
        return owned_alert(request.user, int(pk))
    except Alert.DoesNotExist:
        raise Http404 from None
