"""Challenges of passkeys: each is valid once, for five minutes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as StructError
from typing import Any

from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY, begin_authentication
from allauth.mfa.webauthn.internal.auth import begin_registration as allauth_begin_registration
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mainapp.accounts.models import User

LIFE_S = 300
BEGUN_AT = "mfa.webauthn.begun_at"
# Raised by fido2 for responses whose types or lengths no browser would send.
MALFORMED = (ArithmeticError, AttributeError, LookupError, StructError, TypeError, ValueError)


def begin_registration(*, request: HttpRequest, user: User) -> dict[str, Any]:
    """Return the browser's options for creating a passkey, with a new challenge.

    Where the device can, it stores the passkey and verifies its user: such a passkey logs in
    without a name and a password.
    """
    options: dict[str, Any] = allauth_begin_registration(user, passwordless=False)
    selection = options["publicKey"]["authenticatorSelection"]
    selection |= {"residentKey": "preferred", "requireResidentKey": False}
    request.session[BEGUN_AT] = time.time()
    return options


def begin_use(*, request: HttpRequest, user: User | None) -> dict[str, Any]:
    """Return the browser's options for using a passkey; without a user, any passkey of the site."""
    options: dict[str, Any] = begin_authentication(user)
    request.session[BEGUN_AT] = time.time()
    return options


@contextmanager
def single_use_challenge(request: HttpRequest) -> Iterator[None]:
    """Use up the session's challenge; the block checks the response to it.

    Raises: ValidationError if the challenge is older than LIFE_S, or the response is malformed.
    """
    begun_at = request.session.pop(BEGUN_AT, 0)
    if not 0 <= time.time() - begun_at <= LIFE_S:
        request.session.pop(STATE_SESSION_KEY, None)
    try:
        yield
    except MALFORMED:
        raise ValidationError(_("A chave de acesso não foi aceita. Tente de novo.")) from None
    finally:
        request.session.pop(STATE_SESSION_KEY, None)
