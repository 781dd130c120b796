"""The carteira of a club."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from mainapp.clubs.policies import ClubRequest
from mainapp.market.selectors.feed import market_status
from mainapp.portfolio.selectors.club import club_portfolio


@vary_on_headers("HX-Request")
def club_carteira(request: ClubRequest, slug: str) -> HttpResponse:
    """Show the percents; scripts load them alone, again and again."""
    context = {
        "club": request.club,
        "member": request.member,
        "portfolio": club_portfolio(request.club.pk),
        **market_status(at=timezone.now()),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "club/_shares.html" if is_fragment else "club/carteira.html"
    return render(request, f"mainapp/portfolio/{template}", context)
