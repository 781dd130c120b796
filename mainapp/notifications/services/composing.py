"""Writing of a campaign's e-mail to one person, and its preview."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.core import signing
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.core.audience import name_of
from mainapp.core.mails import Link, Mail, paragraphs_of, render_mail
from mainapp.core.names import one_line
from mainapp.core.paths import absolute_url
from mainapp.notifications.models import Broadcast
from mainapp.notifications.rendering import (
    CLUB,
    MAX_SUBJECT,
    fill_html,
    fill_subject,
    fill_text,
    masked,
)
from mainapp.notifications.selectors.audiences import Recipient, people_in, recipient_of

NEWS_SALT = "mainapp.notifications.news"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """An e-mail of a campaign; `language` is that of its texts."""

    language: str
    subject: str
    text: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def compose(
    broadcast: Broadcast,
    recipient: Recipient,
    *,
    language: str = "",
    club: str | None = None,
    only_subject: bool = False,
) -> Composed:
    """Return a campaign's e-mail in the recipient's language, or else in Portuguese.

    One query for a campaign to a club, unless the club's name is given as `club`.
    """
    own_language, texts = broadcast.texts_in(language or recipient.language)
    shown_language = own_language if texts else (language or recipient.language)
    values = _values(broadcast, recipient, club)
    subject = _subject(broadcast, texts, values)
    if only_subject:
        return Composed(language=shown_language, subject=subject)
    stop = absolute_url(reverse("unsubscribe-news", args=[news_token(recipient.user_id)]))
    with translation.override(shown_language):
        text, html = render_mail(_mail(broadcast, subject, texts, values, stop))
    headers = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return Composed(language=shown_language, subject=subject, text=text, html=html, headers=headers)


def preview(broadcast: Broadcast, *, actor: User, language: str) -> Composed:
    """Return the e-mail of the first person of the audience, masked; without one, the sender's."""
    person = people_in(broadcast).select_related("preferences").first() or actor
    recipient = recipient_of(person)
    shown = replace(
        recipient,
        user_id=0,  # its link unsubscribes nobody
        name=masked(recipient.name),
        username=masked(recipient.username),
        address=masked(recipient.address),
    )
    club = masked(name_of(broadcast.audience)) if broadcast.audience else ""
    return compose(broadcast, shown, language=language, club=club)


def news_token(user_id: int) -> str:
    """Return the signed key of the link that ends the e-mails of campaigns."""
    return signing.dumps(user_id, salt=NEWS_SALT)


def user_of_news_token(token: str) -> User:
    """Return the user of a link. Raises: User.DoesNotExist if it is invalid."""
    try:
        return User.objects.get(pk=signing.loads(token, salt=NEWS_SALT), is_active=True)
    except (signing.BadSignature, ValueError, TypeError):
        raise User.DoesNotExist from None


def _values(broadcast: Broadcast, recipient: Recipient, club: str | None) -> dict[str, str]:
    values = {
        "nome": one_line(recipient.name),
        "usuario": recipient.username,
        "link": absolute_url(broadcast.url),
    }
    if broadcast.audience:
        values[CLUB] = one_line(name_of(broadcast.audience) if club is None else club)
    return values


def _subject(broadcast: Broadcast, texts: Mapping[str, str], values: Mapping[str, str]) -> str:
    if texts:
        return fill_subject(texts["subject"], values)
    return " ".join(broadcast.title.split())[:MAX_SUBJECT]


def _mail(
    broadcast: Broadcast,
    subject: str,
    texts: Mapping[str, str],
    values: Mapping[str, str],
    stop: str,
) -> Mail:
    body = fill_text(texts["text"], values) if texts else broadcast.body
    has_button = bool(broadcast.url) or not texts
    return Mail(
        title=subject,
        paragraphs=paragraphs_of(body),
        html=fill_html(texts["html"], values) if texts and texts["html"] else "",
        action=Link(label=_("Ver no Pregão"), url=values["link"]) if has_button else None,
        stop=Link(label=_("Não quero mais estes e-mails"), url=stop),
    )
