"""The club of a request: `request.club` and `request.member` of pages below `/clube/<slug>/`."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

from mainapp.clubs.models import ClubMember
from mainapp.clubs.selectors.clubs import membership

ROUTE = "clube/<slug:slug>/"


class FindClub:
    """Set the club of the path; one query. Users who are not members get a 404.

    Other requests have no club, and there is no current club apart from the request: tasks, frames
    and services get theirs as an argument.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.club, request.member = None, None  # type: ignore[attr-defined] # of every request
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> None:
        """Set the club, after the policies have admitted the user."""
        match = request.resolver_match
        if match is None or not match.route.startswith(ROUTE):
            return
        if not request.user.is_authenticated:
            raise Http404
        try:
            member = membership(kwargs["slug"], request.user)
        except ClubMember.DoesNotExist:
            raise Http404 from None
        request.club, request.member = member.club, member  # type: ignore[attr-defined]
