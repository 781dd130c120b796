"""Complaining about a club, as a member."""

from django.http import HttpResponse

from mainapp.clubs.policies import ClubRequest
from mainapp.clubs.services.complaints import CLUB
from mainapp.moderation.views import report


def report_club(request: ClubRequest, slug: str) -> HttpResponse:
    return report(request, request.club.pk, CLUB)
