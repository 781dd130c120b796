"""Access levels: who is how much, asked alike by views, sockets, the admin and the API.

In a view that only staff may see:

    @level_required(User.Access.SUPPORT)
    def reports(request): ...

In a service, or in a socket's handler, where the error becomes a frame or a message:

    require_level(user, User.Access.SUPPORT)

For a decision, in Python or for a template: `is_staff_level(user)`, `has_level(user, level)`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError
from mainapp.core.limits import DAY_S, Limit

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

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


def level_required(level: str) -> Callable[[View], View]:
    """Return a view's decorator: anonymous goes to the log-in, who is below `level` gets a 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not has_level(request.user, level):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(View, login_required(guarded))

    return decorate
