"""The suggestions of the navigation bar's search box."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from mainapp.market.selectors.catalogue import MAX_TEXT_LENGTH, search_stocks


def stock_search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:MAX_TEXT_LENGTH]
    context = {"text": text, "stocks": search_stocks(text)}
    # Without the request no context processor asks for a session.
    return HttpResponse(render_to_string("mainapp/market/_search_results.html", context))
