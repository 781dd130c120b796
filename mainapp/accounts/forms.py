"""What one fills in to sign up, to log in and to keep an account: allauth's, in our words."""

from typing import Any

from allauth.account import forms as allauth
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User

LABELS = {
    "login": _("Usuário ou e-mail"),
    "username": _("Nome de usuário"),
    "email": _("E-mail"),
    "password": _("Senha"),
    "oldpassword": _("Senha atual"),
    "password1": _("Nova senha"),
    "password2": _("Repita a senha"),
}


class Labelled:
    """Names a form's fields; allauth says each name twice, as a placeholder too."""

    fields: dict[str, Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS[name]
            field.widget.attrs.pop("placeholder", None)


class LogInForm(Labelled, allauth.LoginForm):  # type: ignore[misc] # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attributes = {"autocomplete": "username", "autocapitalize": "none", "maxlength": 254}
        self.fields["login"].widget.attrs = attributes
        self.fields["password"].help_text = ""  # the way to a new password stands below the form

    def user_credentials(self) -> dict[str, str]:
        """Return one name, whatever it is: the backend knows usernames from e-mails."""
        return {
            "username": self.cleaned_data["login"],
            "password": self.cleaned_data["password"],
        }


class SignUpForm(Labelled, allauth.SignupForm):  # type: ignore[misc] # allauth has no types
    """A new account; a username that differs only in case from another is taken."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocapitalize"] = "none"
        self.fields["password1"].label = _("Senha")

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save the account; when its e-mail is taken, save it without one and mail the owner.

        Were there no account at all, a log-in with it, or another sign-up for its username, would
        tell what the answer does not. Nobody can verify an e-mail for it, so nobody can log in.
        """
        if self.account_already_exists:
            User.objects.create_user(
                self.cleaned_data["username"], password=self.cleaned_data["password1"]
            )
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved


class ResetPasswordForm(Labelled, allauth.ResetPasswordForm):  # type: ignore[misc] # allauth has no types
    """Looks for the account when it saves, not when it validates: see the view."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        super().clean_email()
        email: str = super().save(request, **kwargs)
        return email


class NewPasswordForm(Labelled, allauth.ResetPasswordKeyForm):  # type: ignore[misc] # allauth has no types
    pass


class ChangePasswordForm(Labelled, allauth.ChangePasswordForm):  # type: ignore[misc] # allauth has no types
    pass


class SetPasswordForm(Labelled, allauth.SetPasswordForm):  # type: ignore[misc] # allauth has no types
    pass


class ReauthenticateForm(Labelled, allauth.ReauthenticateForm):  # type: ignore[misc] # allauth has no types
    pass


class AddEmailForm(Labelled, allauth.AddEmailForm):  # type: ignore[misc] # allauth has no types
    pass
