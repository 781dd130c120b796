"""allauth's forms for sign-up, log-in, passwords and e-mails, with this site's labels.

Also the password that a logged-in user enters once more before a grave change.
"""

from typing import Any

from allauth.account import forms as allauth
from django.core.exceptions import ValidationError
from django.forms import CharField, Field, Form, PasswordInput
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
# The rules of AUTH_PASSWORD_VALIDATORS in short: their own texts fill four lines.
PASSWORD_HINT = _("8 caracteres ou mais. Evite só números, o seu nome e senhas comuns.")


class Labelled:
    """Mixin with this site's labels and hints; allauth's placeholders repeat the labels."""

    fields: dict[str, Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS[name]
            field.widget.attrs.pop("placeholder", None)
            if name == "password1":
                field.help_text = PASSWORD_HINT


class LogInForm(Labelled, allauth.LoginForm):  # type: ignore[misc] # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attributes = {"autocomplete": "username", "autocapitalize": "none", "maxlength": 254}
        self.fields["login"].widget.attrs = attributes
        # allauth puts a link to the password reset here; the page has one below the form.
        self.fields["password"].help_text = ""

    def user_credentials(self) -> dict[str, str]:
        """Return the name as entered; the backend distinguishes usernames and e-mails."""
        return {
            "username": self.cleaned_data["login"],
            "password": self.cleaned_data["password"],
        }


class SignUpForm(Labelled, allauth.SignupForm):  # type: ignore[misc] # allauth has no types
    """Sign-up. Usernames that differ only in case count as the same."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocapitalize"] = "none"
        self.fields["password1"].label = _("Senha")

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save the account; if the e-mail is taken, save it without one and mail the owner.

        If no account were created, a later log-in or a second sign-up with the same username would
        reveal that the e-mail is taken. The account has no e-mail to verify, so it never logs in.
        """
        if self.account_already_exists:
            User.objects.create_user(
                self.cleaned_data["username"], password=self.cleaned_data["password1"]
            )
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved


class UnlockForm(Labelled, Form):
    """Request, by username or e-mail, for the link that makes a browser known."""

    login = CharField(max_length=254)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attributes = {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["login"].widget.attrs |= attributes


class ResetPasswordForm(Labelled, allauth.ResetPasswordForm):  # type: ignore[misc] # allauth has no types
    """Password reset. Looks up the account in `save`, after the response: see the view."""

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
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Novo e-mail")


class ConfirmPasswordForm(Form):
    """A form with the user's password, so that an unattended browser is not enough to send it."""

    password = CharField(
        label=_("Sua senha"),
        help_text=_("Para confirmar que é você."),
        strip=False,
        max_length=4096,
        widget=PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self._user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self._user.check_password(password):
            raise ValidationError(_("A senha não confere."))
        return password
