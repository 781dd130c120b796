"""Access levels, and who may use the accounts' pages and operations.

Views, the admin, the API and sockets ask the same functions: `require_level(user, level)` raises an
error that each of them renders, `has_level(user, level)` and `is_staff_level(user)` decide, in
Python or for a template. Pages for staff alone say so in their line of PAGES.
"""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError
from mainapp.core.limits import DAY_S, Limit
from mainapp.core.policies import EVERYONE, MEMBERS, form, page

if TYPE_CHECKING:
    from mainapp.accounts.models import User


class MemberRequest(HttpRequest):
    """A request to a page that only logged-in users may see."""

    user: "User"


# As `User.Access` names them, low to high; each holds what the ones before it may.
LEVELS = ("user", "support", "admin")

# Pictures and files of a carteira. Counted before they are read: reading is what costs.
UPLOADS = Limit("uploads", "UPLOADS_A_DAY", DAY_S, _("Arquivos demais num dia; espere um pouco."))


class AccessDenied(DomainError):
    """A lack of rights: `login_required` for anonymous users, `forbidden` for logged-in ones."""

    def __init__(self, *, is_known: bool) -> None:
        if is_known:
            super().__init__("forbidden")
        else:
            super().__init__("login_required", _("Entre na sua conta."))


def has_level(user: Any, level: str) -> bool:
    """Tell whether a user, who may be anonymous, has at least `level` (one of `User.Access`).

    A deactivated user has none, a superuser has all. Asks no database.
    """
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or LEVELS.index(user.access_level) >= LEVELS.index(level)


def is_staff_level(user: Any) -> bool:
    """Tell whether a user keeps order: support or admin."""
    return has_level(user, "support")


def is_admin_level(user: Any) -> bool:
    """Tell whether a user runs the site, `/admin/` with it."""
    return has_level(user, "admin")


def require_level(user: Any, level: str) -> None:
    """Pass who has `level`. Raises: AccessDenied, which a socket answers as an error frame."""
    if not has_level(user, level):
        raise AccessDenied(is_known=user.is_authenticated)


PAGES = {
    "login": form(EVERYONE),
    "logout": form(EVERYONE),
    "register": form(EVERYONE),
    "inactive": page(EVERYONE),
    "email": form(MEMBERS),
    "email-verification-sent": page(EVERYONE),
    "confirm-email": form(EVERYONE, of="key"),
    "reauthenticate": form(MEMBERS),
    "change-password": form(MEMBERS),
    "set-password": form(MEMBERS),
    "reset-password": form(EVERYONE),
    "reset-password-done": page(EVERYONE),
    "new-password": form(EVERYONE, of="reset key"),
    "new-password-done": page(EVERYONE),
}

OPERATIONS = {
    "api-register": {"post": EVERYONE},
    "api-login": {"post": EVERYONE},
    "api-token": {"post": EVERYONE},
    "api-refresh": {"post": EVERYONE},
    "api-token-refresh": {"post": EVERYONE},
    "api-logout": {"post": MEMBERS},
    "api-user": {"get": MEMBERS, "patch": MEMBERS},
    "api-ticket": {"post": MEMBERS},
}
