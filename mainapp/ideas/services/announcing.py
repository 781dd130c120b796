"""Notifications of published and ended ideas, written in the transaction that decides them."""

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mainapp.accounts.models import User, language_of
from mainapp.core.templatetags.formats import brl_price, pct
from mainapp.ideas.conditions import CLOSED, EXPIRED, OPEN, STOPPED, TARGET
from mainapp.ideas.models import Idea
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

    Cost: a fixed number of queries.
    """
    wanted = [idea for idea in ideas if idea.author_id]
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
