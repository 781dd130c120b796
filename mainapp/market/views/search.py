"""Suggestions of the search box in the navigation bar."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from mainapp.market.selectors.catalogue import MAX_TEXT_LENGTH, search_stocks
from mainapp.market.selectors.successions import succession_notes


def stock_search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:MAX_TEXT_LENGTH]
    context = {
        "text": text,
        "stocks": search_stocks(text),
        "notes": succession_notes([text]),
    }
    # Rendered without the request: no context processor then loads a session for each key press.
    return HttpResponse(render_to_string("mainapp/market/_search_results.html", context))
