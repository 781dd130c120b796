"""The page *Fontes*."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from mainapp.market.selectors.sources import sources_overview


@vary_on_headers("HX-Request")
def sources(request: HttpRequest) -> HttpResponse:
    """Show the state of the sources; htmx reloads only the changing part."""
    is_fragment = request.headers.get("HX-Request") == "true"
    name = "mainapp/market/_sources.html" if is_fragment else "mainapp/market/sources.html"
    return render(request, name, {"overview": sources_overview(at=timezone.now())})
