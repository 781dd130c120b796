"""Permissions of the pages, operations and socket of ideas, and their limits."""

from datetime import timedelta

from django.utils.translation import gettext_noop as _

from mainapp.core.limits import CLOSED, DAY_S, Limit, Quota
from mainapp.core.policies import (
    EVERYONE,
    MEMBERS,
    OWNER,
    Area,
    Socket,
    action,
    form,
    operation,
    page,
)

# An author may edit thesis and tags for this long after the publication.
EDITABLE = timedelta(minutes=15)
MAX_TAGS = 5
MAX_TAG = 30
MAX_COMMENT = 2000
MAX_FILTERS = 20

NEW_IDEAS = Quota(name="ideas", label=_("ideias novas"), seed="IDEAS_A_DAY", window_s=DAY_S)
COMMENTS = Limit(
    "idea-comments", 10, 60.0, _("Comentários demais; espere um pouco."), without_redis=CLOSED
)

PAGES = {
    "ideias": page(EVERYONE),
    "nova-ideia": form(MEMBERS),
    "ideia": page(EVERYONE, of="idea"),
    "edit-idea": form(OWNER, of="idea"),
    "close-idea": form(OWNER, of="idea"),
    "delete-idea": form(OWNER, of="idea"),
    "comment-idea": action(MEMBERS, of="idea", login_next="ideia"),
    "idea-part": page(EVERYONE, of="idea"),
    "delete-idea-comment": form(OWNER, of="idea comment"),
    "idea-record": page(EVERYONE, of="user"),
    "save-idea-filter": action(MEMBERS, login_next="ideias"),
    "delete-idea-filter": action(OWNER, of="idea filter"),
    "report-idea": form(MEMBERS & ~OWNER, of="idea"),
    "report-idea-comment": form(MEMBERS & ~OWNER, of="idea comment"),
    "club-ideas": page(OWNER, of="club idea list"),
}

OPERATIONS = {
    "api-ideas": operation(Area.IDEAS, get=EVERYONE, post=MEMBERS),
    "api-books": operation(Area.IDEAS, get=EVERYONE),
    "api-idea": operation(Area.IDEAS, get=EVERYONE, patch=OWNER, delete=OWNER),
    "api-close-idea": operation(Area.IDEAS, post=OWNER),
    "api-idea-comments": operation(Area.IDEAS, get=EVERYONE, post=MEMBERS),
    "api-idea-comment": operation(Area.IDEAS, delete=OWNER),
    "api-idea-record": operation(Area.IDEAS, get=EVERYONE),
}

SOCKET = Socket(opens=EVERYONE, of="idea", frames={"ping": EVERYONE})
