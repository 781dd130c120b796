"""Customisation of allauth: usernames, redirects, client addresses, texts, second factors."""

import unicodedata
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.browsers import known_browser
from mainapp.accounts.models import User, validate_username
from mainapp.accounts.policies import (
    LOG_INS_BY_ADDRESS,
    LOG_INS_BY_BROWSER,
    WRONG_BY_ACCOUNT,
    WRONG_BY_ADDRESS,
    WRONG_BY_NAME,
    passkey_domain,
)
from mainapp.accounts.rendering import qr_code
from mainapp.accounts.selectors import account_named, folded
from mainapp.accounts.selectors.second_factors import passkey_name, passkeys_of
from mainapp.accounts.services.mailing import send_account_mail
from mainapp.accounts.services.passkeys import NOT_ACCEPTED
from mainapp.core.addresses import client_address
from mainapp.core.limits import Key, Limit, of_address, of_text, of_user, refund, try_consume
from mainapp.core.paths import absolute_url
from mainapp.core.sealing import seal, unseal

MISMATCH = _("Usuário, e-mail ou senha incorretos.")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth has no types
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": NOT_ACCEPTED,
        "cannot_generate_recovery_codes": _(
            "Ative antes um app autenticador ou uma chave de acesso."
        ),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        return user.username

    def build_totp_svg(self, url: str) -> str:
        return qr_code(url)

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return passkey_name(passkeys_of(user).count())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": passkey_domain(), "name": "Pregão"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        """Return the user as the browser shows it; the handle is the id, and no name."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.username, "display_name": user.name}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "username_blacklisted": _("Este nome é reservado. Escolha outro."),
        "email_taken": _("Já existe uma conta com este e-mail."),
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:
        # Full-width letters become the ASCII letters that they look like.
        username = unicodedata.normalize("NFKC", username)
        validate_username(username)  # before allauth's check, whose message has other words
        cleaned: str = super().clean_username(username, shallow)
        User.objects.check_username(cleaned, User())
        return cleaned

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the user if the password is right, active or not; otherwise count the attempt.

        Replaces allauth's limits, whose keys are the name as typed and the request's host: one
        account can be reached by many spellings of both. Unless the attempt is refused, exactly one
        hash is computed, whether or not the name has an account.
        """
        name = credentials.get("username") or credentials.get("email") or ""
        account = account_named(name)
        if browser := known_browser(request, account):
            self._consume([(LOG_INS_BY_BROWSER, Key("browser", browser))])
            return _check_password(request, account, credentials)
        address = of_address(client_address(request))
        wrong = [(WRONG_BY_ADDRESS, address), (WRONG_BY_NAME, of_text(folded(name)))]
        self._consume([(LOG_INS_BY_ADDRESS, address), *wrong])
        if account:
            wrong.append((WRONG_BY_ACCOUNT, of_user(account)))
            if try_consume(*wrong[-1]).is_refused:
                account = None  # this refusal looks like a wrong password: see the policies
        user = _check_password(request, account, credentials)
        if user:
            for limit, key in wrong:
                refund(limit, key)
        return user

    def _consume(self, uses: list[tuple[Limit, Key]]) -> None:
        """Consume one use of each limit. Raises: ValidationError if one is exceeded."""
        if any(try_consume(limit, key).is_refused for limit, key in uses):
            raise self.validation_error("too_many_login_attempts")

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check a logged-in user's password; attempts to log in by others do not limit it."""
        return user.check_password(password)

    def is_safe_url(self, url: str | None) -> bool:
        """Allow pages of this site, except log-in, sign-up and log-out, which redirect again."""
        request = context.request
        secure = request.is_secure()
        if not url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=secure):
            return False
        # Unquoted, as `/%6Cogin/` opens the log-in page too.
        return unquote(urlsplit(url or "").path) not in {
            reverse("login"),
            reverse("register"),
            reverse("logout"),
        }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address, taken from headers of TRUSTED_PROXIES only.

        Empty if the server listens on a unix socket and trusts no proxy: all clients then share
        one rate limit.
        """
        return client_address(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of this site's mails; `template_prefix` ends with its name."""
        send_account_mail(kind=template_prefix.rpartition("/")[2], email=email, context=context)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return absolute_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return absolute_url(path.replace("UID-KEY", quote(key)))

    def send_account_already_exists_mail(self, email: str) -> None:
        send_account_mail(kind="account_already_exists", email=email, context={})

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def is_ajax(self, request: HttpRequest) -> bool:
        """Always respond with pages; JSON is served by the API."""
        return False


def _check_password(
    request: HttpRequest, account: User | None, credentials: dict[str, Any]
) -> User | None:
    """Return the account, which may be deactivated (that has its own page), or None if wrong."""
    AuthenticationBackend.unstash_authenticated_user()
    user = authenticate(request, account=account, **credentials)
    return user or AuthenticationBackend.unstash_authenticated_user()
