"""The dashboard of the people who run the instance; all of its values come by `ws/dashboard/`."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest


@never_cache
def dashboard(request: MemberRequest) -> HttpResponse:
    return render(request, "mainapp/operations/dashboard.html")
