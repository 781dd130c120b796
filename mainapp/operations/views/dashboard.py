"""The operators' dashboard; `ws/dashboard/` sends all of its values."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest


@never_cache
def dashboard(request: MemberRequest) -> HttpResponse:
    return render(request, "mainapp/operations/dashboard.html")
