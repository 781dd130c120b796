"""Second factors for tests: an app's codes, and people who have them."""

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils import timezone

from mainapp.accounts.tests.people import PASSWORD, log_in
from mainapp.core.sealing import seal

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD_S = 30


def code_at(at=None, secret=SECRET, steps=0):
    """Return the app's code, `steps` periods later."""
    now = (at or timezone.now()).timestamp()
    return format_hotp_value(hotp_value(secret, int(now) // PERIOD_S + steps))


def give_app(user):
    return Authenticator.objects.create(user=user, type="totp", data={"secret": seal(SECRET)})


def give_recovery_codes(user):
    return RecoveryCodes.activate(user).generate_codes()


def confirm(client):
    """Confirm the password again, as the pages of second factors require."""
    response = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert response.status_code == 302


def log_in_with_code(client, code, name="alice"):
    """Log in by password, then send a code; return the response to the code."""
    assert log_in(client, name).url == "/accounts/2fa/login/"
    return send_code(client, code)


def send_code(client, code):
    return client.post("/accounts/2fa/login/", {"code": code})
