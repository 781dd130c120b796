"""The home page, made of the blocks that features register for it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mainapp.market.selectors.feed import market_status


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "mainapp/pages/home.html", market_status(at=timezone.now()))
