"""URLs of the accounts' pages.

Each of allauth's pages has a second name that starts with `account_`, by which allauth reverses it.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import views as allauth
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path

from mainapp.accounts.views import (
    ConfirmEmailView,
    EmailView,
    LogInView,
    RegisterView,
    ResetPasswordView,
    UnlockView,
    open_unlock_link,
)


def _page(
    route: str, view: Callable[..., HttpResponseBase], name: str, allauth_name: str
) -> list[URLPattern]:
    return [
        re_path(f"^{route}$", view, name=name),
        re_path(f"^{route}$", view, name=f"account_{allauth_name}"),
    ]


log_in: Any = LogInView.as_view()
confirm_email: Any = ConfirmEmailView.as_view()
email: Any = EmailView.as_view()
register: Any = RegisterView.as_view()
reset_password: Any = ResetPasswordView.as_view()
RESET = "accounts/password/reset/"

urlpatterns = [
    *_page("login/", log_in, "login", "login"),
    *_page("logout/", allauth.logout, "logout", "logout"),
    *_page("register/", register, "register", "signup"),
    *_page("accounts/inactive/", allauth.account_inactive, "inactive", "inactive"),
    path("accounts/unlock/", UnlockView.as_view(), name="unlock"),
    path("accounts/unlock/<str:token>/", open_unlock_link, name="unlock-link"),
    *_page("accounts/email/", email, "email", "email"),
    *_page(
        "accounts/confirm-email/",
        allauth.email_verification_sent,
        "email-verification-sent",
        "email_verification_sent",
    ),
    *_page(
        "accounts/confirm-email/(?P<key>[^/]+)/",
        confirm_email,
        "confirm-email",
        "confirm_email",
    ),
    *_page("accounts/reauthenticate/", allauth.reauthenticate, "reauthenticate", "reauthenticate"),
    *_page(
        "accounts/password/change/", allauth.password_change, "change-password", "change_password"
    ),
    *_page("accounts/password/set/", allauth.password_set, "set-password", "set_password"),
    *_page(RESET, reset_password, "reset-password", "reset_password"),
    *_page(
        f"{RESET}done/", allauth.password_reset_done, "reset-password-done", "reset_password_done"
    ),
    *_page(
        f"{RESET}key/done/",
        allauth.password_reset_from_key_done,
        "new-password-done",
        "reset_password_from_key_done",
    ),
    *_page(
        f"{RESET}key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/",
        allauth.password_reset_from_key,
        "new-password",
        "reset_password_from_key",
    ),
]
