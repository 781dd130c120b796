"""The site's search: its page, and the suggestions of the search box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.vary import vary_on_headers

from mainapp.core.search import clean_text, search

SUGGESTIONS = 5  # of each section
PAGE_SIZE = 10


@vary_on_headers("HX-Request")
def site_search(request: HttpRequest) -> HttpResponse:
    text = clean_text(request.GET.get("q", ""))
    if request.headers.get("HX-Request") == "true":
        context = {"text": text, "groups": search(text, user=request.user, limit=SUGGESTIONS)}
        # Rendered without the request: no context processor loads a session for each key press.
        return HttpResponse(render_to_string("mainapp/pages/_search_options.html", context))
    context = {"text": text, "groups": search(text, user=request.user, limit=PAGE_SIZE)}
    return render(request, "mainapp/pages/search.html", context)
