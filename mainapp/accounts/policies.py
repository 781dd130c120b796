"""Access levels, and the policies of the accounts' pages and API operations.

Views, the admin, the API and sockets use the same functions: `require_level(user, level)` raises an
error that each of them renders; `has_level(user, level)` and `is_staff_level(user)` return a bool.
Pages for staff only are marked so in PAGES.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from mainapp.core.addresses import is_address, is_loopback
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import CLOSED, DAY_S, Limit, Quota
from mainapp.core.paths import absolute_url, site_host
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

if TYPE_CHECKING:
    from mainapp.accounts.models import User


class MemberRequest(HttpRequest):
    """A request to a page that only logged-in users may see."""

    user: "User"


# The values of `User.Access`, from low to high; each includes the rights of the ones before it.
LEVELS = ("user", "support", "admin")

# Log-ins. Uses of the WRONG limits are refunded if the password was right. A refusal by address or
# by the typed name is shown as such. A refusal by account looks like a wrong password: otherwise,
# trying an e-mail after a username would reveal that both belong to one account. A known browser
# has only its own limit, so strangers cannot lock the owner out.
LOG_INS_BY_ADDRESS = Limit("log-ins-all", 30, 60.0)
WRONG_BY_ADDRESS = Limit("log-ins", 10, 60.0)
WRONG_BY_NAME = Limit("log-ins", 5, 300.0)
WRONG_BY_ACCOUNT = Limit("log-ins", 5, 300.0)
LOG_INS_BY_BROWSER = Limit("log-ins-known", 10, 300.0)

# Codes of the second step, for each account: six digits can be guessed by many tries, so a right
# password resets nothing, and no code is checked while Redis is away.
CODES = Limit("codes", 5, 300.0, _("Códigos errados demais."), without_redis=CLOSED)
CODES_A_DAY = Limit("codes-a-day", 50, DAY_S, _("Códigos errados demais."), without_redis=CLOSED)

# Writes of a session's last activity.
ACTIVITY_S = 60.0
ACTIVITY = Limit("activity", 1, ACTIVITY_S)

# Requests for the link that makes a browser known, and e-mails with that link.
UNLOCKS_BY_ADDRESS = Limit("unlocks", 20, 60.0)
UNLOCKS_BY_NAME = Limit("unlocks", 5, 300.0)
UNLOCK_MAILS = Limit("unlock-mails", 3, 3600.0)

# Profile pictures. Counted before they are decoded, which is the expensive part.
PICTURES = Quota(name="pictures", label=_("fotos"), seed="PICTURES_A_DAY", window_s=DAY_S)


class AccessDenied(DomainError):
    """A lack of rights: `login_required` for anonymous users, `forbidden` for logged-in ones."""

    def __init__(self, *, is_known: bool) -> None:
        if is_known:
            super().__init__("forbidden")
        else:
            super().__init__("login_required", _("Entre na sua conta."))


class Suspended(DomainError):
    """A suspended user can only read, until the suspension ends."""

    def __init__(self, until: datetime) -> None:
        local = timezone.localtime(until, timezone.get_default_timezone())
        super().__init__(
            "suspended",
            _("Sua participação está suspensa até %(until)s."),
            {"until": f"{local:%d/%m/%Y %H:%M}"},
            wire={"until": until.isoformat().replace("+00:00", "Z")},
        )


class NewAccount(DomainError):
    """An account younger than NEW_ACCOUNT_DAYS has fewer rights."""

    def __init__(self) -> None:
        super().__init__(
            "new_account",
            _(
                "Contas com menos de %(days)s dias não mandam links ou arquivos "
                "nem abrem conversas."
            ),
            {"days": settings.NEW_ACCOUNT_DAYS},
        )


def is_suspended(user: Any, *, at: datetime) -> bool:
    """Return whether a user, possibly anonymous, may only read. No query."""
    until = getattr(user, "suspended_until", None)
    return until is not None and until > at


def check_not_suspended(user: Any, *, at: datetime) -> None:
    """Raises: Suspended."""
    if is_suspended(user, at=at):
        raise Suspended(user.suspended_until)


def check_not_new(user: Any, *, at: datetime) -> None:
    """Check that an account is old enough for links, files and new chats. Raises: NewAccount."""
    is_new = user.date_joined > at - timedelta(days=settings.NEW_ACCOUNT_DAYS)
    if is_new and settings.NEW_ACCOUNT_DAYS and not is_staff_level(user):
        raise NewAccount


def has_level(user: Any, level: str) -> bool:
    """Return whether a user, possibly anonymous, has at least `level` (one of `User.Access`).

    A deactivated user has no level, a superuser has all. In a log-in that has to use a second
    factor and has not, staff have the rights of members, on every page, operation and socket.
    No query.
    """
    return is_granted(user, level) and (level == LEVELS[0] or not lacks_second_factor(user))


def is_granted(user: Any, level: str) -> bool:
    """Return whether a user has been given `level`, whatever the log-in. No query."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or LEVELS.index(user.access_level) >= LEVELS.index(level)


def is_staff_level(user: Any) -> bool:
    """Return whether a user moderates the site: support or admin."""
    return has_level(user, "support")


def is_admin_level(user: Any) -> bool:
    """Return whether a user administers the site, including `/admin/`."""
    return has_level(user, "admin")


def require_level(user: Any, level: str) -> None:
    """Check that a user has `level`. Raises: AccessDenied."""
    if not has_level(user, level):
        raise AccessDenied(is_known=user.is_authenticated)


class SecondFactorRequired(DomainError):
    """Staff without a second factor, or who did not use it in this session."""

    def __init__(self) -> None:
        super().__init__(
            "second_factor_required",
            _("Para isto, entre com o segundo fator da sua conta."),
        )


def must_use_second_factor(user: Any) -> bool:
    """Return whether a user's rights of staff need a second factor. No query."""
    return settings.ADMIN_REQUIRES_SECOND_FACTOR and is_granted(user, "support")


def lacks_second_factor(user: Any) -> bool:
    """Return whether a user's log-in has to use a second factor, and has not. No query.

    `is_second_factor_used` is set on the user of every page, operation and socket. A user whom a
    task or a command has read has no log-in, and lacks nothing.
    """
    return not getattr(user, "is_second_factor_used", True) and must_use_second_factor(user)


def check_second_factor(user: Any) -> None:
    """Raises: SecondFactorRequired."""
    if lacks_second_factor(user):
        raise SecondFactorRequired


def passkey_domain() -> str:
    """Return the domain to which passkeys are bound (the RP ID), without a port.

    A site on loopback, as `make run` starts it, has the domain `localhost`.
    """
    host = settings.PASSKEY_DOMAIN or site_host()
    return "localhost" if is_loopback(host) else host


def passkey_refusal(request: HttpRequest) -> str:
    """Return why browsers refuse passkeys at the address of a request; "" if they accept them."""
    domain, host = passkey_domain(), urlsplit(f"//{request.get_host()}").hostname or ""
    if is_address(domain):
        return gettext(
            "Chaves de acesso exigem um domínio, e este site foi aberto por um endereço IP."
        )
    if host != domain and not host.endswith(f".{domain}"):
        origin = absolute_url() if domain != "localhost" else "http://localhost"
        return gettext("Chaves de acesso só funcionam em %(url)s.") % {"url": origin}
    if not request.is_secure() and host != "localhost":
        return gettext("Chaves de acesso precisam de https.")
    return ""


PAGES = {
    "second-factor": page(MEMBERS),
    "second-step": form(EVERYONE),
    "confirm-by-factor": page(MEMBERS),
    "confirm-by-code": form(MEMBERS),
    "confirm-by-passkey": form(MEMBERS),
    "activate-app": form(MEMBERS),
    "deactivate-app": form(MEMBERS),
    "recovery-codes": page(MEMBERS),
    "renew-recovery-codes": form(MEMBERS),
    "passkeys": page(MEMBERS),
    "add-passkey": form(MEMBERS),
    "rename-passkey": form(OWNER, of="passkey"),
    "remove-passkey": form(OWNER, of="passkey"),
    "passkey-log-in": form(EVERYONE),
    "sessions": page(MEMBERS),
    "end-session": action(OWNER, of="session"),
    "end-other-sessions": action(MEMBERS),
    "login": form(EVERYONE),
    "logout": form(EVERYONE),
    "register": form(EVERYONE),
    "inactive": page(EVERYONE),
    "unlock": form(EVERYONE),
    "unlock-link": page(EVERYONE, of="unlock link"),
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
    "api-register": operation(Area.LOG_IN, post=EVERYONE),
    "api-login": operation(Area.LOG_IN, post=EVERYONE),
    "api-token": operation(Area.LOG_IN, post=EVERYONE),
    "api-refresh": operation(Area.LOG_IN, post=EVERYONE),
    "api-token-refresh": operation(Area.LOG_IN, post=EVERYONE),
    "api-logout": operation(Area.LOG_IN, post=MEMBERS),
    "api-user": operation(Area.ACCOUNT, get=MEMBERS, patch=MEMBERS),
    "api-blocks": operation(Area.ACCOUNT, get=MEMBERS, post=MEMBERS),
    "api-block": operation(Area.ACCOUNT, delete=MEMBERS),
    "api-online-users": operation(Area.ACCOUNT, get=MEMBERS),
    "api-ticket": operation(Area.LOG_IN, post=MEMBERS),
}

# `ws/presence/`
SOCKET = Socket(opens=MEMBERS, frames={"ping": MEMBERS})
