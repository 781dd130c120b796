"""The home page: what this is, and the live board of the IBOV."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mainapp.market.selectors.boards import home_board


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "mainapp/pages/home.html", {"board": home_board()})
