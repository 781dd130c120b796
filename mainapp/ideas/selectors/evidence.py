"""Ideas and comments that people may complain about."""

from typing import Any

from mainapp.core.audience import key_of
from mainapp.ideas.models import Idea, IdeaComment
from mainapp.moderation.subjects import Evidence, Line

IDEA, COMMENT = "idea", "idea-comment"
CLUB = "club"


def find_idea(pk: int, reader: Any) -> Evidence | None:
    """Return an idea that `reader` may see. One query."""
    rows = Idea.objects.visible_to(reader).published().filter(pk=pk, deleted_at=None)  # type: ignore[attr-defined] # of IdeaQuerySet
    idea = rows.select_related("stock").first()
    if idea is None:
        return None
    line = {"text": idea.thesis, "author": idea.author_id, "at": idea.created_at.isoformat()}
    return _evidence(IDEA, idea.pk, idea.author_id, idea, line)


def find_comment(pk: int, reader: Any) -> Evidence | None:
    """Return a comment that `reader` may see. One query."""
    rows = IdeaComment.objects.visible_to(reader).filter(pk=pk, deleted_at=None)
    comment = rows.select_related("idea__stock").first()
    if comment is None:
        return None
    line = {
        "text": comment.body,
        "author": comment.author_id,
        "at": comment.created_at.isoformat(),
    }
    return _evidence(COMMENT, comment.pk, comment.author_id, comment.idea, line)


def _evidence(kind: str, pk: int, person_id: int | None, idea: Idea, line: Line) -> Evidence:
    is_private = idea.club_id is not None
    return Evidence(
        kind=kind,
        pk=pk,
        person_id=person_id,
        url=idea.get_absolute_url(),
        scope=key_of(CLUB, idea.club_id) if idea.club_id is not None else "",
        place="" if is_private else idea.stock.symbol,
        is_private=is_private,
        lines=[{**line, "is_reported": True}],
    )
