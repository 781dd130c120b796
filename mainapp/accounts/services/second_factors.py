"""Second factors: checks of codes, removal by staff, and the key that encrypts their secrets."""

from datetime import datetime

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import CODES, CODES_A_DAY
from mainapp.accounts.selectors.second_factors import Type, has_second_factor, sealed_count
from mainapp.accounts.services.mailing import send_account_mail
from mainapp.core import sealing
from mainapp.core.audit import gathering
from mainapp.core.contexts import acting_for
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import consume, of_user, reset

LAST_STEP = "last_step"  # the key in an app's `data`: the time step of the newest used code
SAMPLE = 1000  # number of secrets that `ensure_key` tries to decrypt
SECRETS = ("secret", "seed")  # the keys in `data` of encrypted texts


class WrongCode(DomainError):
    """A code that is wrong, expired or already used."""

    def __init__(self) -> None:
        super().__init__("invalid_code", _("Código errado, vencido ou já usado."))


def check_code(*, user: User, code: str, at: datetime) -> bool:
    """Check the code of a log-in by password; return whether the account has a second factor.

    Raises: DomainError `mfa_required` without a code, and the errors of `use_code`.
    """
    if not has_second_factor(user):
        return False
    if not code:
        raise DomainError(
            "mfa_required",
            _("Esta conta tem um segundo fator: envie o código em `code`."),
        )
    use_code(user=user, code=code, at=at)
    return True


def use_code(*, user: User, code: str, at: datetime) -> Authenticator:
    """Accept a user's app code or recovery code once; return its factor.

    Wrong codes are counted per account, and only a right one resets the count. Raises: WrongCode,
    RateLimited, Unavailable (without Redis), KeyLost.
    """
    for limit in (CODES, CODES_A_DAY):
        consume(limit, of_user(user))
    compact = "".join(code.split())
    # In a log-in the request has no user yet: the audit would have a visitor use the code.
    with acting_for(user.pk):
        factor = _use_app_code(user, compact, at) or _use_recovery_code(user, compact)
    if factor is None:
        raise WrongCode
    for limit in (CODES, CODES_A_DAY):
        reset(limit, of_user(user))
    Authenticator.objects.filter(pk=factor.pk).update(last_used_at=at)
    factor.user = user
    return factor


def matching_step(secret: str, code: str, *, at: datetime, after: int = -1) -> int | None:
    """Return the time step of a code (RFC 6238, ± 1 step) later than `after`; None if wrong."""
    now = int(at.timestamp()) // app_settings.TOTP_PERIOD
    tolerance = app_settings.TOTP_TOLERANCE
    for step in range(now - tolerance, now + tolerance + 1):
        expected = format_hotp_value(hotp_value(secret, step))
        if constant_time_compare(code, expected) and step > after:
            return step
    return None


def record_step(*, factor: Authenticator, step: int) -> None:
    """Record the step of the code that activated an app, so that it cannot also log in."""
    data = factor.data | {LAST_STEP: step}
    Authenticator.objects.filter(pk=factor.pk).update(data=data)


def _use_app_code(user: User, code: str, at: datetime) -> Authenticator | None:
    with transaction.atomic():
        factor = _locked(user, Type.TOTP)
        if factor is None:
            return None
        secret = sealing.unseal(factor.data["secret"])
        step = matching_step(secret, code, at=at, after=factor.data.get(LAST_STEP, -1))
        if step is None:
            return None
        record_step(factor=factor, step=step)
        return factor


def _use_recovery_code(user: User, code: str) -> Authenticator | None:
    with transaction.atomic():
        factor = _locked(user, Type.RECOVERY_CODES)
        if factor is None or not factor.wrap().validate_code(code):
            return None
        return factor


def _locked(user: User, kind: str) -> Authenticator | None:
    """Return a user's factor with its row locked: only one concurrent use of a code succeeds."""
    rows = Authenticator.objects.select_for_update()
    return rows.filter(user=user, type=kind).first()


def reset_second_factor(*, user: User) -> int:
    """Remove all second factors of a user who lost them and send an e-mail; return their number."""
    with transaction.atomic(), gathering():
        count: int = Authenticator.objects.filter(user=user).delete()[0]
        if count and user.email:
            context = {"username": user.username}
            send_account_mail(kind="second_factor_reset", email=user.email, context=context)
    return count


def reseal_second_factors() -> int:
    """Encrypt with the current key the secrets of earlier keys; return their number.

    One row per transaction, so that log-ins can go on; safe to repeat. Raises: KeyLost.
    """
    keys = Authenticator.objects.exclude(type=Type.WEBAUTHN).values_list("pk", flat=True)
    return sum(_reseal(pk) for pk in list(keys))


def _reseal(pk: int) -> bool:
    with transaction.atomic():
        factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
        sealed = {name: factor.data[name] for name in SECRETS if name in factor.data}
        old = {
            name: text
            for name, text in sealed.items()
            if not sealing.is_sealed_by_current_key(text)
        }
        if old:
            data = factor.data | {name: sealing.seal(sealing.unseal(old[name])) for name in old}
            Authenticator.objects.filter(pk=pk).update(data=data)
        return bool(old)


def ensure_key() -> str:
    """Create the key of second factors unless it exists; return its state for the operator.

    A missing key is not replaced while there are secrets encrypted with it.
    """
    count = sealed_count()
    try:
        if not sealing.key_text() and count == 0:
            sealing.create_key()
    except OSError as error:
        return f"OFF: its key cannot be created ({error.strerror}): set MFA_KEY"
    if not sealing.key_text():
        return (
            f"OFF: {count} secrets are sealed by a key that is missing. `restore --keys FILE` or "
            "MFA_KEY brings it back; without it, `manage.py reset_second_factor NAME` removes a "
            "person's factors"
        )
    unreadable = _unreadable_count()
    if unreadable:
        return (
            f"OFF for {unreadable} of {count} secrets, which neither MFA_KEY nor MFA_KEY_FALLBACKS "
            "opens: `manage.py reset_second_factor NAME` removes a person's factors"
        )
    return "on"


def _unreadable_count() -> int:
    """Return how many of the first SAMPLE secrets no key decrypts."""
    rows = Authenticator.objects.exclude(type=Type.WEBAUTHN).order_by("-pk")[:SAMPLE]
    texts = [row.data[name] for row in rows for name in SECRETS if name in row.data]
    return sum(not sealing.opens(text) for text in texts)
