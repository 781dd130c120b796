"""The list of one's alerts."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_required
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    return render(request, "mainapp/alerts/alerts.html")
