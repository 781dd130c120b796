"""Comments on ideas."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import Block, User
from mainapp.accounts.policies import check_not_suspended
from mainapp.clubs.services.words import check_club_text
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import consume, of_user
from mainapp.core.names import title
from mainapp.ideas.exceptions import IdeaGone, Invalid
from mainapp.ideas.models import Idea, IdeaComment
from mainapp.ideas.policies import COMMENTS, MAX_COMMENT
from mainapp.ideas.services.changes import touch
from mainapp.ideas.services.comment_notices import notify_comment
from mainapp.market.selectors.markup import render_text


def comment(*, idea_pk: int, author: User, body: str, at: datetime) -> IdeaComment:
    """Add a comment to an idea that the author may see. Raises: IdeaGone, Invalid, RateLimited."""
    check_not_suspended(author, at=at)
    body = body.strip()
    if not title(body) or len(body) > MAX_COMMENT:
        raise Invalid(_("O comentário tem de 1 a 2.000 caracteres."), field="body")
    consume(COMMENTS, of_user(author))
    html, _people = render_text(body)
    with transaction.atomic():
        idea = _locked_idea(idea_pk, author)
        if _is_blocked(idea, author):
            raise DomainError("forbidden", _("Você não pode comentar esta ideia."))
        check_club_text(idea.club, body)
        row = IdeaComment.objects.create(
            idea=idea, author=author, body=body, body_html=html, created_at=at
        )
        _count(idea)
        notify_comment(idea=idea, comment=row, at=at)
    return row


def delete_comment(*, pk: int, actor: User | None, at: datetime) -> None:
    """Remove the text of a comment; safe to repeat. Raises: IdeaGone.

    `actor` is its author, or None when moderators have decided.
    """
    with transaction.atomic():
        found = IdeaComment.objects.filter(pk=pk)
        if actor is not None:
            found = IdeaComment.objects.visible_to(actor).filter(pk=pk, author=actor)
        idea_pk = found.values_list("idea", flat=True).first()
        if idea_pk is None:
            raise IdeaGone
        idea = _locked_idea(idea_pk, None)
        rows = IdeaComment.objects.filter(pk=pk, deleted_at=None)
        if rows.update(body="", body_html="", deleted_at=at):
            _count(idea)


def _count(idea: Idea) -> None:
    """Count the visible comments of a locked idea again; the lock makes the number exact."""
    count = IdeaComment.objects.filter(idea=idea, deleted_at=None).count()
    Idea.objects.filter(pk=idea.pk).update(comments_count=count)
    touch([idea.pk])


def _locked_idea(pk: int, reader: Any) -> Idea:
    rows = Idea.objects.select_for_update(of=("self",), no_key=True).select_related("stock", "club")
    idea = rows.filter(pk=pk).first()
    is_seen = reader is None or Idea.objects.visible_to(reader).filter(pk=pk).exists()
    if idea is None or not is_seen:
        raise IdeaGone
    if reader is not None and (idea.deleted_at or idea.price_at is None):
        raise IdeaGone
    return idea


def _is_blocked(idea: Idea, author: User) -> bool:
    return (
        idea.club_id is None
        and Block.objects.filter(blocker=idea.author_id, blocked=author).exists()
    )
