"""The carteira of a club, and each member's consent to show theirs."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.models import ClubMember
from mainapp.clubs.selectors.members import membership_of
from mainapp.clubs.services.members import share_portfolio
from mainapp.core.errors import shown_as_message
from mainapp.core.paths import missing_as_404
from mainapp.core.realtime import flush_published
from mainapp.market.selectors.feed import market_status
from mainapp.portfolio.selectors.club import club_portfolio


@vary_on_headers("HX-Request")
def club_carteira(request: MemberRequest, slug: str) -> HttpResponse:
    """Show the percents; scripts load them alone, again and again."""
    member = _membership(request, slug)
    context = {
        "club": member.club,
        "member": member,
        "portfolio": club_portfolio(member.club_id),
        **market_status(at=timezone.now()),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "club/_shares.html" if is_fragment else "club/carteira.html"
    return render(request, f"mainapp/portfolio/{template}", context)


def share_carteira(request: MemberRequest, slug: str) -> HttpResponse:
    """Show the member's own percents to the club with `on`, and no longer without it."""
    member, is_on = _membership(request, slug), request.POST.get("on") == "1"
    with shown_as_message(request):
        share_portfolio(club_pk=member.club_id, user=request.user, is_on=is_on)
        flush_published()
        messages.success(
            request,
            _("O clube vê a sua carteira em percentuais.")
            if is_on
            else _("O clube não vê mais a sua carteira."),
        )
    return redirect("club-carteira", slug=slug)


def _membership(request: MemberRequest, slug: str) -> ClubMember:
    with missing_as_404():
        return membership_of(slug, request.user)
