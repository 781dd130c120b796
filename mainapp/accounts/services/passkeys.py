"""Challenges of passkeys, each valid once, for five minutes; and the counters of signatures."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as StructError
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import (
    STATE_SESSION_KEY,
    begin_authentication,
    parse_authentication_response,
)
from allauth.mfa.webauthn.internal.auth import begin_registration as allauth_begin_registration
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User

logger = logging.getLogger(__name__)

NOT_ACCEPTED = _("A chave de acesso não foi aceita. Tente de novo.")
COUNTER = "sign_count"  # the key in a passkey's `data`: the counter of its last signature
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
        raise ValidationError(NOT_ACCEPTED) from None
    finally:
        request.session.pop(STATE_SESSION_KEY, None)


def check_counter(*, factor: Authenticator, credential: Any) -> None:
    """Check and store the counter of a passkey's signatures, which a copied key repeats.

    Passkeys that are kept in an account of Apple, Google or another count nothing: theirs is
    always 0. Raises: ValidationError.
    """
    counter: int = parse_authentication_response(credential).response.authenticator_data.counter
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=factor.pk)
        last = row.data.get(COUNTER, row.wrap().authenticator_data.counter)
        if counter <= last and (counter or last):
            logger.warning("passkey %s counts %s after %s: it may be a copy", row.pk, counter, last)
            raise ValidationError(NOT_ACCEPTED)
        factor.data = row.data | {COUNTER: counter} if counter else row.data
        if counter:
            Authenticator.objects.filter(pk=row.pk).update(data=factor.data)
