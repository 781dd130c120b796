"""The page of a user's quotas."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.limits.usage import quota_usage


@never_cache
def usage(request: MemberRequest) -> HttpResponse:
    context = {"usage": quota_usage(request.user, at=timezone.now())}
    return render(request, "mainapp/operations/usage.html", context)
