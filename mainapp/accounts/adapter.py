"""Customisation of allauth: usernames, redirects, client addresses, error texts."""

import unicodedata
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from mainapp.core.addresses import client_address
from mainapp.core.paths import absolute_url

# No "@", which marks an e-mail at log-in. ASCII only: accented and foreign letters can look alike,
# and SQLite ignores the case of ASCII letters only. A display name may contain any of them.
validate_username = RegexValidator(
    r"\A[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z",
    _("Use letras sem acento, números, ponto, hífen, + e sublinhado, sem espaços."),
)
MISMATCH = _("Usuário, e-mail ou senha incorretos.")


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
        validate_username(username)
        cleaned: str = super().clean_username(username, shallow)
        return cleaned

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
        super().send_mail(template_prefix, email, context | {"site_url": absolute_url()})

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return absolute_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return absolute_url(path.replace("UID-KEY", quote(key)))

    def send_account_already_exists_mail(self, email: str) -> None:
        url = absolute_url(reverse("account_reset_password"))
        self.send_mail("account/email/account_already_exists", email, {"password_reset_url": url})

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def is_ajax(self, request: HttpRequest) -> bool:
        """Always respond with pages; JSON is served by the API."""
        return False
