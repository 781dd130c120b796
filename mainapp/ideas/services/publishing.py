"""Publication and editing of ideas."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.clubs.exceptions import ClubGone
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.services.words import check_club_text
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.models import Tag
from mainapp.core.names import title
from mainapp.core.prices import places_of, trimmed
from mainapp.core.rendering import MAX_BODY
from mainapp.ideas.conditions import (
    MAX_HORIZON,
    MAX_LIMIT,
    NEUTRAL,
    OPEN,
    WAITING,
    end_of_day,
    is_current,
    wrong_limit,
)
from mainapp.ideas.exceptions import Frozen, IdeaGone, Invalid, SecondIdea
from mainapp.ideas.models import Idea, IdeaEdit
from mainapp.ideas.policies import EDITABLE, MAX_TAG, MAX_TAGS, NEW_IDEAS
from mainapp.ideas.services.changes import touch
from mainapp.ideas.services.locking import lock_last_quote, own_idea
from mainapp.ideas.services.outcomes import publish
from mainapp.market.models import Stock
from mainapp.market.selectors.markup import render_text
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.symbols import INDEX, fold

TERMS = ("side", "target", "stop", "horizon")


def publish_idea(
    *,
    author: User,
    stock: Stock,
    side: str,
    thesis: str,
    horizon: date,
    target: Decimal | None = None,
    stop: Decimal | None = None,
    tags: Sequence[str] = (),
    club: Club | None = None,
    at: datetime,
) -> Idea:
    """Publish an idea at the last recorded price, or let it wait for the next one.

    The price of an idea is never older than CURRENT, nor made outside of a session: the author may
    know a newer one. At most one live idea per author and stock, concurrent calls included. Raises:
    Invalid, SecondIdea, RateLimited, Suspended.
    """
    check_not_suspended(author, at=at)
    _check_stock(stock)
    idea = Idea(
        author=author,
        stock=stock,
        club=club,
        side=side,
        target=None if side == NEUTRAL else target,
        stop=None if side == NEUTRAL else stop,
        quote_kind=settings.QUOTE_KIND,
        created_at=at,
        asked_at=at,
    )
    _set_horizon(idea, horizon, at)
    _set_thesis(idea, thesis)
    names = clean_tags(tags)
    check_club_text(club, thesis, *names, field="thesis")
    try:
        with transaction.atomic():
            _check_member(club, author)
            check_and_increment_quota(author, NEW_IDEAS, at=at)
            _price(idea, at)
            idea.save(force_insert=True)
            idea.tags.set(_tags(names))
            touch([idea.pk])
    except IntegrityError:
        raise SecondIdea from None
    return idea


def edit_idea(*, pk: int, author: User, at: datetime, **fields: Any) -> Idea:
    """Edit an idea: thesis and tags until EDITABLE after its publication, the terms before it.

    The terms of a waiting idea hold as soon as its price may have been made. Every change stays
    visible. A waiting idea whose terms change waits from now on. Raises: Frozen, IdeaGone, Invalid.
    """
    check_not_suspended(author, at=at)
    with transaction.atomic():
        idea = own_idea(pk, author)
        before = _values(idea)
        new = {name: value for name, value in fields.items() if value != before.get(name)}
        if not new:
            return idea
        _check_editable(idea, new, at)
        check_club_text(idea.club, new.get("thesis", ""), *new.get("tags", ()), field="thesis")
        _change(idea, new, at)
        idea.edited_at = at
        idea.save()
        if "tags" in new:
            idea.tags.set(_tags(clean_tags(new["tags"])))
        old = {name: _text(before[name]) for name in new}
        IdeaEdit.objects.create(idea=idea, edited_at=at, before=old)
        touch([idea.pk])
    return idea


def clean_tags(tags: Collection[str]) -> list[str]:
    """Return the distinct tags, as they were typed first. Raises: Invalid."""
    names: dict[str, str] = {}
    for tag in tags:
        name = title(tag.lstrip("#"))
        if key := fold(name):
            names.setdefault(key, name)
    # A key can be longer than its name: that of ß is ss.
    if len(names) > MAX_TAGS or any(len(text) > MAX_TAG for pair in names.items() for text in pair):
        raise Invalid(
            _("São até %(count)s etiquetas, de até %(length)s letras."),
            {"count": MAX_TAGS, "length": MAX_TAG},
            field="tags",
        )
    return list(names.values())


def _tags(names: Collection[str]) -> list[Tag]:
    keys = {fold(name): name for name in names}
    if not keys:
        return []
    Tag.objects.bulk_create(
        [Tag(key=key, name=name) for key, name in keys.items()], ignore_conflicts=True
    )
    return list(Tag.objects.filter(key__in=keys))


def _check_member(club: Club | None, author: User) -> None:
    """Lock the membership against a removal during the publication. Raises: ClubGone."""
    if club is None:
        return
    own = ClubMember.objects.filter(club=club, user=author, club__archived_at=None)
    if own.select_for_update(of=("self",), no_key=True).first() is None:
        raise ClubGone


def _check_stock(stock: Stock) -> None:
    if not stock.is_active or stock.symbol == INDEX:
        raise Invalid(_("Este ativo não é negociado."), field="stock")


def _set_horizon(idea: Idea, horizon: date, at: datetime) -> None:
    today = sao_paulo_day(at)
    if not today < horizon <= today + MAX_HORIZON:
        raise Invalid(_("O prazo vai de amanhã a um ano."), field="horizon")
    idea.horizon, idea.expires_at = horizon, end_of_day(horizon)


def _set_thesis(idea: Idea, thesis: str) -> None:
    thesis = thesis.strip()
    if not title(thesis):
        raise Invalid(_("Escreva a tese: o porquê da ideia."), field="thesis")
    if len(thesis) > MAX_BODY:
        raise Invalid(_("A tese passa de 4.000 caracteres."), field="thesis")
    idea.thesis, (idea.thesis_html, _people) = thesis, render_text(thesis)
    idea.describe()


def _price(idea: Idea, at: datetime) -> None:
    """Publish an idea at the current price if there is one; the stock stays locked.

    A concurrent batch either sees the idea, or gave it its price.
    """
    quote, is_usable = lock_last_quote(idea.stock)
    idea.adjusted_on = sao_paulo_day(quote.quoted_at if quote and quote.quoted_at else at)
    if idea.side != NEUTRAL and (idea.target is None or idea.stop is None):
        name = "target" if idea.target is None else "stop"
        raise Invalid(_("Diga o alvo e o stop."), field=name)
    for name in ("target", "stop"):
        limit = getattr(idea, name)
        if limit is not None and places_of(trimmed(limit)) > idea.stock.price_places:
            raise Invalid(_("O preço tem mais casas decimais do que as deste ativo."), field=name)
        if limit is not None and limit > MAX_LIMIT:
            raise _wrong(name)
    if quote and (wrong := wrong_limit(idea.side, idea.target, idea.stop, quote.price)):
        raise _wrong(wrong)
    if quote and is_usable and is_current(quote, at=at, kind=idea.stock.kind):
        index = last_quotes([INDEX]).get(INDEX)
        publish(idea, quote, index=index.price if index else None)


def _wrong(name: str) -> Invalid:
    sentences = {
        "target": _(
            "O alvo precisa estar a pelo menos um por cento do preço, do lado em que a ideia ganha."
        ),
        "stop": _(
            "O stop precisa estar a pelo menos um por cento do preço, do lado em que a ideia perde."
        ),
    }
    return Invalid(sentences[name], field=name)


def _values(idea: Idea) -> dict[str, Any]:
    tags = list(idea.tags.values_list("name", flat=True))
    return {name: getattr(idea, name) for name in (*TERMS, "thesis")} | {"tags": tags}


def _check_editable(idea: Idea, new: Collection[str], at: datetime) -> None:
    if idea.deleted_at is not None:
        raise IdeaGone
    if set(TERMS) & set(new) and idea.are_terms_frozen(at=at):
        raise Frozen
    if idea.status == WAITING:
        return
    until = editable_until(idea)
    is_early = until is not None and at <= until
    if idea.status != OPEN or not is_early:
        raise Frozen


def _change(idea: Idea, new: dict[str, Any], at: datetime) -> None:
    if "thesis" in new:
        _set_thesis(idea, new["thesis"])
    if idea.status != WAITING or not set(TERMS) & set(new):
        return
    for name in ("side", "target", "stop"):
        if name in new:
            setattr(idea, name, new[name])
    if idea.side == NEUTRAL:
        idea.target = idea.stop = None
    _set_horizon(idea, new.get("horizon", idea.horizon), at)
    idea.asked_at = at
    _price(idea, at)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, list) else str(value)


def editable_until(idea: Idea) -> datetime | None:
    """Return the end of the time to edit thesis and tags; None while the idea waits."""
    if idea.status == WAITING or idea.priced_at is None:
        return None
    return max(idea.priced_at, idea.asked_at) + EDITABLE
