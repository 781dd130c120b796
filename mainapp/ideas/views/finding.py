"""The idea of a URL."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404, HttpRequest

from mainapp.accounts.policies import MemberRequest
from mainapp.core.paths import missing_as_404
from mainapp.ideas.exceptions import IdeaGone
from mainapp.ideas.models import Idea
from mainapp.ideas.selectors.ideas import get_idea


def idea_or_404(request: HttpRequest, pk: int) -> Idea:
    with missing_as_404():
        return get_idea(pk, request.user)


def own_idea_or_404(request: MemberRequest, pk: int) -> Idea:
    idea = idea_or_404(request, pk)
    if idea.author_id != request.user.pk or idea.deleted_at is not None:
        raise Http404
    return idea


@contextmanager
def gone_as_404() -> Iterator[None]:
    try:
        yield
    except IdeaGone:
        raise Http404 from None
