"""Rules of moderation: suspensions, limits and permissions."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.accounts.policies import is_admin_level, is_staff_level
from mainapp.core.limits import DAY_S, Quota
from mainapp.core.policies import (
    FORBIDDEN,
    HOST,
    MEMBERS,
    OWNER,
    STAFF,
    Area,
    action,
    form,
    operation,
    page,
)

COMPLAINTS = Quota(name="complaints", label=_("denúncias"), seed="COMPLAINTS_A_DAY", window_s=DAY_S)
MAX_REASON = 300
# Messages before and after a reported one, in the copy that staff see of a private room.
CONTEXT = 5
# Copies of one case: a further complaint adds one if the thing has changed meanwhile.
MAX_COPIES = 5
# Offered durations of a suspension, in days.
SUSPENSION_DAYS = (1, 3, 7, 30, 90, 365)
# Copies are kept for this long after the decision.
KEPT = timedelta(days=180)


def may_suspend(actor: Any, target: Any) -> bool:
    """Return whether `actor` may suspend `target`: staff may, and only admins suspend staff."""
    if actor.pk == target.pk or not is_staff_level(actor):
        return False
    return is_admin_level(actor) or not is_staff_level(target)


PAGES = {
    "complaints": page(STAFF, member=FORBIDDEN),
    "moderation-log": page(STAFF, member=FORBIDDEN),
    "complaint": form(HOST | STAFF, of="case"),
    "complaint-copy": action(STAFF, of="case", member=FORBIDDEN),
    "report-message": form(MEMBERS & ~OWNER, of="message"),
    "report-file": form(MEMBERS & ~OWNER, of="upload"),
    "report-profile": form(MEMBERS & ~OWNER, of="user"),
    "report-event": form(MEMBERS & ~HOST, of="event"),
    "suspend-user": form(STAFF, of="user", member=FORBIDDEN),
}

OPERATIONS = {
    "api-complaints": operation(Area.FORUM, get=MEMBERS, post=MEMBERS),
}
