"""The site's search: its page, and the suggestions of the search box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from mainapp.core.search import Result, SectionResults, clean_text, search
from mainapp.market.quotes import Quote
from mainapp.market.selectors.feed import feed_state
from mainapp.market.selectors.quotes import last_quotes

SUGGESTIONS = 5  # of each section
PAGE_SIZE = 10


@vary_on_headers("HX-Request")
def site_search(request: HttpRequest) -> HttpResponse:
    text = clean_text(request.GET.get("q", ""))
    if request.headers.get("HX-Request") == "true":
        groups = search(text, user=request.user, limit=SUGGESTIONS, is_suggestion=True)
        context = {"text": text, "groups": groups}
        # Rendered without the request: no context processor loads a session for each key press.
        return HttpResponse(render_to_string("mainapp/pages/_search_options.html", context))
    groups = search(text, user=request.user, limit=PAGE_SIZE)
    context = {"text": text, "groups": _with_quotes(groups), **feed_state(at=timezone.now())}
    return render(request, "mainapp/pages/search.html", context)


def _with_quotes(
    groups: list[SectionResults],
) -> list[tuple[SectionResults, list[tuple[Result, Quote | None]]]]:
    """Return the results with the last quotes of stocks. One query, none without stocks."""
    results = [result for group in groups for result in group.results]
    symbols = {result.symbol for result in results if result.is_quoted}
    quotes = last_quotes(symbols) if symbols else {}

    def quote_of(result: Result) -> Quote | None:
        return quotes.get(result.symbol) if result.is_quoted else None

    return [(group, [(result, quote_of(result)) for result in group.results]) for group in groups]
