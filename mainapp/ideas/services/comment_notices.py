"""Notifications of comments to the idea's author and commenters, one for all unread comments."""

from datetime import datetime

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from mainapp.accounts.models import Block, User, language_of
from mainapp.accounts.selectors import name_of
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.ideas.models import Idea, IdeaComment
from mainapp.notifications.models import Notification
from mainapp.notifications.services.notices import Notice, notify_many

COMMENTED = "idea_commented"
MAX_NOTIFIED = 200


def notify_comment(*, idea: Idea, comment: IdeaComment, at: datetime) -> None:
    """Notify the idea's author and commenters, unless they have an unread notice of this idea.

    Only people who may see the idea now are notified, and nobody with a block in either direction
    between them and the comment's author.
    """
    people = _people(idea, comment)
    unread = set(
        Notification.objects.filter(
            user__in=people, kind=COMMENTED, url=idea.get_absolute_url(), marks=None
        ).values_list("user", flat=True)
    )
    notices = [_notice(idea, comment, user) for user in people if user.pk not in unread]
    notify_many(notices=notices, at=at)


def _people(idea: Idea, comment: IdeaComment) -> list[User]:
    wrote = IdeaComment.objects.filter(idea=idea, deleted_at=None).values_list("author", flat=True)
    # Their ids, and not "wrote or is the author": PostgreSQL would read every user for an OR.
    keys = {key for key in (idea.author_id, *wrote.distinct()) if key and key != comment.author_id}
    users = User.objects.filter(pk__in=keys, is_active=True).exclude(
        Q(pk__in=Block.objects.filter(blocked=comment.author_id).values("blocker"))
        | Q(pk__in=Block.objects.filter(blocker=comment.author_id).values("blocked"))
    )
    if idea.club_id is not None:
        users = users.filter(memberships__club=idea.club_id)
    return list(users.select_related("preferences").order_by("pk")[:MAX_NOTIFIED])


def _notice(idea: Idea, comment: IdeaComment, user: User) -> Notice:
    with translation.override(language_of(user)):
        values = {
            "name": isolate_plain(name_of(comment.author)),
            "symbol": idea.stock.symbol,
        }
        title = (
            _("%(name)s comentou a sua ideia sobre %(symbol)s")
            if user.pk == idea.author_id
            else _("%(name)s comentou a ideia sobre %(symbol)s")
        )
        return Notice(
            user_id=user.pk,
            kind=COMMENTED,
            title=title % values,
            url=idea.get_absolute_url(),
            dedupe_key=f"idea-comment.{comment.pk}.{user.pk}",
        )
