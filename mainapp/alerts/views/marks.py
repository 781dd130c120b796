"""The user's alerts as marks on a stock's chart."""

from django.core.exceptions import BadRequest
from django.http import Http404, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.alerts.selectors.firings import marks_of
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.market.symbols import INDEX


@never_cache
def alert_marks(request: MemberRequest) -> JsonResponse:
    text = request.GET.get("ticker", INDEX)
    if not text.isprintable():
        raise BadRequest("control characters in the query")
    stock = stocks_named([text]).get(text)
    if stock is None:
        raise Http404
    marks = marks_of(request.user, stock)
    for limit in marks["limits"]:
        limit["url"] = reverse("api-alert", args=[limit["alert"]])
    return JsonResponse(marks)
