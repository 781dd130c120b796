"""E-mails with a link that lets the owner log in while strangers exhaust an account's log-ins."""

from django.core import signing
from django.urls import reverse

from mainapp.accounts.policies import UNLOCK_MAILS
from mainapp.accounts.selectors import UNLOCK_SALT, account_named
from mainapp.accounts.services.mailing import send_account_mail
from mainapp.core.limits import of_user, try_consume
from mainapp.core.paths import absolute_url


def mail_unlock_link(*, name: str) -> None:
    """Send the link to the stored address of the account with this username or e-mail.

    Nothing is sent for an unknown name, to a deactivated account or beyond UNLOCK_MAILS.
    """
    user = account_named(name)
    if user is None or not user.is_active or not user.email:
        return
    if try_consume(UNLOCK_MAILS, of_user(user)).is_refused:
        return
    token = signing.dumps([user.pk, user.email], salt=UNLOCK_SALT)
    context = {
        "username": user.username,
        "unlock_url": absolute_url(reverse("unlock-link", args=[token])),
    }
    send_account_mail(kind="unlock", email=user.email, context=context)
