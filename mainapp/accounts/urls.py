"""URLs of the accounts' pages.

Each of allauth's pages has a second name, starting with `account_` or `mfa_`, which allauth itself
uses to reverse it.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import views as allauth
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path

from mainapp.accounts.views import second_factors as factors
from mainapp.accounts.views import sessions
from mainapp.accounts.views.log_ins import (
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


def _factor_page(route: str, view: Any, name: str, allauth_name: str) -> list[URLPattern]:
    route = f"accounts/2fa/{route}"
    return [path(route, view.as_view(), name=n) for n in (name, f"mfa_{allauth_name}")]


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
    *_factor_page("", factors.OverviewView, "second-factor", "index"),
    *_factor_page("login/", factors.SecondStepView, "second-step", "authenticate"),
    path("accounts/2fa/confirm/any/", factors.confirm_by_factor, name="confirm-by-factor"),
    *_factor_page("confirm/", factors.ConfirmByCodeView, "confirm-by-code", "reauthenticate"),
    *_factor_page(
        "confirm/passkey/",
        factors.ConfirmByPasskeyView,
        "confirm-by-passkey",
        "reauthenticate_webauthn",
    ),
    *_factor_page("app/", factors.ActivateAppView, "activate-app", "activate_totp"),
    *_factor_page("app/remove/", factors.DeactivateAppView, "deactivate-app", "deactivate_totp"),
    *_factor_page("codes/", factors.RecoveryCodesView, "recovery-codes", "view_recovery_codes"),
    *_factor_page(
        "codes/renew/",
        factors.RenewRecoveryCodesView,
        "renew-recovery-codes",
        "generate_recovery_codes",
    ),
    *_factor_page("passkeys/", factors.OverviewView, "passkeys", "list_webauthn"),
    *_factor_page("passkeys/add/", factors.AddPasskeyView, "add-passkey", "add_webauthn"),
    *_factor_page("passkeys/login/", factors.PasskeyLogInView, "passkey-log-in", "login_webauthn"),
    *_factor_page(
        "passkeys/<key:pk>/", factors.RenamePasskeyView, "rename-passkey", "edit_webauthn"
    ),
    *_factor_page(
        "passkeys/<key:pk>/remove/", factors.RemovePasskeyView, "remove-passkey", "remove_webauthn"
    ),
    path("accounts/sessions/", sessions.list_sessions, name="sessions"),
    path("accounts/sessions/end-others/", sessions.end_others, name="end-other-sessions"),
    path("accounts/sessions/<key:pk>/end/", sessions.end_one, name="end-session"),
]
