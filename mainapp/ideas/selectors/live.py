"""The state of ideas for their open pages."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from mainapp.accounts.models import Block
from mainapp.accounts.selectors import avatar_url, name_of
from mainapp.clubs.models import ClubMember
from mainapp.ideas.events import LiveIdea
from mainapp.ideas.models import Idea, IdeaComment
from mainapp.ideas.selectors.ideas import get_idea
from mainapp.market.quotes import iso
from mainapp.market.selectors.quotes import last_quotes

MAX_NEW = 50


class DatabaseArchive:
    """The queries of the hub."""

    def states(
        self, known: Mapping[int, int], users: Mapping[int, Collection[int]]
    ) -> dict[int, LiveIdea]:
        """Return ideas with the comments after the known ones. Three queries at most.

        `users` are the readers of each idea's sockets.
        """
        ideas = {
            idea.pk: idea for idea in Idea.objects.filter(pk__in=known).select_related("stock")
        }
        comments = _new_comments(known)
        readers = _readers(list(ideas.values()), users)
        return {
            pk: _live(idea, comments[pk], known[pk], readers.get(pk)) for pk, idea in ideas.items()
        }

    def blockers(self, users: Collection[int], authors: Collection[int]) -> set[tuple[int, int]]:
        """Return the pairs of a user and a blocked author. One query."""
        rows = Block.objects.filter(blocker__in=users, blocked__in=authors)
        return set(rows.values_list("blocker", "blocked"))


def open_idea(pk: int, user: Any) -> tuple[LiveIdea, str | None]:
    """Return an idea that a user may see, and its stock's price. Raises: Idea.DoesNotExist."""
    idea = get_idea(pk, user)
    newest = idea.comments.order_by("-pk").values_list("pk", flat=True).first() or 0
    quote = last_quotes([idea.stock.symbol]).get(idea.stock.symbol)
    return _live(idea, [], newest, None), f"{quote.price:f}" if quote else None


def _live(
    idea: Idea, comments: list[IdeaComment], known: int, readers: frozenset[int] | None
) -> LiveIdea:
    return LiveIdea(
        pk=idea.pk,
        club=idea.club_id,
        symbol=idea.stock.symbol,
        revision=idea.revision,
        is_live=idea.is_live,
        target=idea.price_text(idea.target),
        stop=idea.price_text(idea.stop),
        last_comment=max([known, *(comment.pk for comment in comments)]),
        status=status_frame(idea),
        comments=[comment_data(comment) for comment in comments],
        authors=[comment.author_id for comment in comments],
        readers=readers,
    )


def status_frame(idea: Idea) -> dict[str, Any]:
    return {
        "type": "status",
        "status": idea.status,
        "revision": idea.revision,
        "comments_count": idea.comments_count,
        "price_at": idea.price_text(idea.price_at),
        "close_price": idea.price_text(idea.close_price),
        "closed_at": iso(idea.closed_at),
        "return_pct": text_of(idea.return_pct),
    }


def comment_data(comment: IdeaComment) -> dict[str, Any]:
    """Return a comment of the API and of frames; a deleted one has no text."""
    author = comment.author
    return {
        "id": comment.pk,
        "user": {"id": author.pk, "name": name_of(author), "avatar": avatar_url(author, 48)}
        if author
        else None,
        "body_html": "" if comment.deleted_at else comment.body_html,
        "created_at": iso(comment.created_at),
        "deleted": comment.deleted_at is not None,
    }


def _new_comments(known: Mapping[int, int]) -> dict[int, list[IdeaComment]]:
    comments: dict[int, list[IdeaComment]] = defaultdict(list)
    if not known:
        return comments
    rows = IdeaComment.objects.filter(idea__in=known, pk__gt=min(known.values()), deleted_at=None)
    for comment in rows.select_related("author").order_by("pk")[: MAX_NEW * len(known)]:
        if comment.pk > known[comment.idea_id]:
            comments[comment.idea_id].append(comment)
    return comments


def _readers(
    ideas: Collection[Idea], users: Mapping[int, Collection[int]]
) -> dict[int, frozenset[int]]:
    """Return the readers of clubs' ideas; one query if there are any."""
    scoped = {idea.pk: idea.club_id for idea in ideas if idea.club_id is not None}
    if not scoped:
        return {}
    wanted = {user for pk in scoped for user in users[pk]}
    rows = ClubMember.objects.filter(
        club__in=set(scoped.values()), user__in=wanted, club__archived_at=None
    )
    members = defaultdict(set)
    for club, user in rows.order_by().values_list("club", "user"):
        members[club].add(user)
    return {pk: frozenset(members[club]) for pk, club in scoped.items()}


def text_of(value: Any) -> str | None:
    """Return a percentage as a decimal string with at least two places."""
    if value is None:
        return None
    text = f"{value:f}"
    whole, _point, cents = text.partition(".")
    return f"{whole}.{cents.rstrip('0').ljust(2, '0')}"
