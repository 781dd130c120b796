"""Notifications of published and ended ideas, written in the transaction that decides them."""

from collections.abc import Collection, Sequence

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mainapp.accounts.models import User, language_of
from mainapp.clubs.selectors.members import members_among
from mainapp.core.paths import parse_key
from mainapp.core.templatetags.formats import brl_price, pct
from mainapp.ideas.conditions import CLOSED, EXPIRED, OPEN, STOPPED, TARGET
from mainapp.ideas.models import Idea
from mainapp.notifications.models import Notification
from mainapp.notifications.selectors.channels import Destination, deliveries_for
from mainapp.notifications.services.notices import Notice, letters_for, notify_many

DECIDED = "idea_decided"
TITLES = {
    TARGET: gettext_noop("Sua ideia sobre %(symbol)s bateu o alvo"),
    STOPPED: gettext_noop("Sua ideia sobre %(symbol)s parou no stop"),
    EXPIRED: gettext_noop("O prazo da sua ideia sobre %(symbol)s acabou"),
    CLOSED: gettext_noop("Sua ideia sobre %(symbol)s foi encerrada"),
}


def announce(*, ideas: Sequence[Idea]) -> None:
    """Notify the authors of ideas that were published after a wait, or that ended.

    Not of ideas of a club that the author has left. Cost: a fixed number of queries.
    """
    wanted = [idea for idea in _of_members(ideas) if not _is_withdrawn(idea)]
    if not wanted:
        return
    ids = {idea.author_id for idea in wanted if idea.author_id}
    users = User.objects.filter(pk__in=ids, is_active=True).select_related("preferences")
    authors = {user.pk: user for user in users}
    destinations = deliveries_for(authors, DECIDED)
    notify_many(
        notices=[
            _notice(idea, authors[idea.author_id], destinations[idea.author_id])
            for idea in wanted
            if idea.author_id in authors
        ]
    )


def wanted_outcomes(notifications: Collection[Notification]) -> set[int]:
    """Return the notices whose users may still see the ideas. Two queries at most."""
    keys = {notice.pk: parse_key(str(notice.dedupe_key).split(".")[1]) for notice in notifications}
    rows = Idea.objects.filter(pk__in={key for key in keys.values() if key})
    seen = {(idea.pk, idea.author_id) for idea in _of_members(list(rows))}
    return {notice.pk for notice in notifications if (keys[notice.pk], notice.user_id) in seen}


def _of_members(ideas: Collection[Idea]) -> list[Idea]:
    """Return the public ideas, and those whose authors are in their clubs; one query at most."""
    pairs = {(i.club_id, i.author_id) for i in ideas if i.club_id and i.author_id}
    members = members_among(pairs) if pairs else set()
    return [
        idea
        for idea in ideas
        if idea.author_id and (idea.club_id is None or (idea.club_id, idea.author_id) in members)
    ]


def _is_withdrawn(idea: Idea) -> bool:
    return idea.price_at is None and idea.closing_asked_at is not None


def _notice(idea: Idea, author: User, destinations: Sequence[Destination]) -> Notice:
    with translation.override(language_of(author)):
        title, body = _sentences(idea)
        name = f"idea.{idea.pk}.{idea.status}"
        return Notice(
            user_id=author.pk,
            kind=DECIDED,
            title=title,
            body=body,
            url=idea.get_absolute_url(),
            dedupe_key=name,
            deliveries=letters_for(
                destinations=destinations, subject=f"{title} · Pregão", text="", name=name
            ),
        )


def _sentences(idea: Idea) -> tuple[str, str]:
    price = brl_price(idea.close_price or idea.price_at, idea.stock.price_places)
    values = {"symbol": idea.stock.symbol, "price": price}
    if idea.status == OPEN:
        return (
            _("Sua ideia sobre %(symbol)s está no ar") % values,
            _("Preço de publicação: %(price)s.") % values,
        )
    if idea.price_at is None:
        return (
            _("Sua ideia sobre %(symbol)s não foi publicada") % values,
            _("No primeiro preço, o alvo ou o stop já não serviam. Ela não entra no histórico."),
        )
    title = _(TITLES.get(idea.status, TITLES[CLOSED])) % values
    if idea.return_pct is None:
        return title, ""
    values["change"] = pct(idea.return_pct)
    return title, _("Saiu a %(price)s, com resultado de %(change)s.") % values
