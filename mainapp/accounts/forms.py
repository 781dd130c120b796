"""allauth's forms for sign-up, log-in, passwords, e-mails and second factors, with own labels.

Also the form in which a logged-in user confirms the password before a sensitive change.
"""

from typing import Any

from allauth.account import forms as allauth
from allauth.core import context
from allauth.mfa.base import forms as codes
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.webauthn import forms as passkeys
from django.core.exceptions import ValidationError
from django.forms import CharField, Field, Form, HiddenInput, JSONField, PasswordInput
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.accounts.services.passkeys import NOT_ACCEPTED, check_counter, single_use_challenge
from mainapp.accounts.services.second_factors import WrongCode, matching_step, use_code
from mainapp.core import sealing
from mainapp.core.errors import page_sentence
from mainapp.core.exceptions import DomainError

LABELS = {
    "login": _("Usuário ou e-mail"),
    "username": _("Nome de usuário"),
    "email": _("E-mail"),
    "password": _("Senha"),
    "oldpassword": _("Senha atual"),
    "password1": _("Nova senha"),
    "password2": _("Repita a senha"),
    "code": _("Código"),
    "name": _("Nome da chave"),
    "credential": _("Chave de acesso"),
}
# The rules of AUTH_PASSWORD_VALIDATORS in short: their own texts fill four lines.
PASSWORD_HINT = _("8 caracteres ou mais. Evite só números, o seu nome e senhas comuns.")

CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
MAX_PASSKEY_NAME = 60


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


class CodeForm(Labelled):
    """Mixin for a code of an app or a recovery code; a successful check uses it up."""

    user: User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]  # type: ignore[attr-defined] # of the form
        try:
            self.authenticator = use_code(user=self.user, code=code, at=timezone.now())
        except DomainError as error:
            raise ValidationError(page_sentence(error)) from None
        return code


class SecondStepForm(CodeForm, codes.AuthenticateForm):  # type: ignore[misc] # allauth has no types
    pass


class ConfirmByCodeForm(CodeForm, codes.ReauthenticateForm):  # type: ignore[misc] # allauth has no types
    pass


class ActivateAppForm(Labelled, Form):
    """The first code of an app, whose secret is stored encrypted in the session until then.

    Creating the form raises KeyLost if there is no key.
    """

    code = CharField(max_length=20)
    step: int

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES
        session = context.request.session
        if not self.is_bound or SECRET_SESSION_KEY not in session:
            session[SECRET_SESSION_KEY] = sealing.seal(generate_totp_secret())
        self.secret = sealing.unseal(session[SECRET_SESSION_KEY])

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        step = matching_step(self.secret, code, at=timezone.now())
        if step is None:
            raise ValidationError(page_sentence(WrongCode()))
        self.step = step
        return code


class CredentialField(JSONField):
    """The browser's response to a challenge; the page never shows it again."""

    widget = HiddenInput

    def bound_data(self, data: Any, initial: Any) -> str:
        return ""

    def prepare_value(self, value: Any) -> str:
        return ""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError(NOT_ACCEPTED) from None

    def clean(self, value: Any) -> Any:
        credential = super().clean(value)
        if not isinstance(credential, dict):
            raise ValidationError(NOT_ACCEPTED)
        return credential


class PasskeyForm(Labelled):
    """Mixin for a challenge signed with a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField()

    def clean_credential(self) -> Any:
        credential = self.cleaned_data["credential"]  # type: ignore[attr-defined] # of the form
        with single_use_challenge(context.request):
            factor = super().clean_credential()  # type: ignore[misc] # of allauth's form
            check_counter(factor=factor, credential=credential)
            return factor


class PasskeySecondStepForm(PasskeyForm, passkeys.AuthenticateWebAuthnForm):  # type: ignore[misc] # allauth has no types
    pass


class PasskeyLogInForm(PasskeyForm, passkeys.LoginWebAuthnForm):  # type: ignore[misc] # allauth has no types
    pass


class ConfirmByPasskeyForm(PasskeyForm, passkeys.ReauthenticateWebAuthnForm):  # type: ignore[misc] # allauth has no types
    pass


class AddPasskeyForm(Labelled, passkeys.AddWebAuthnForm):  # type: ignore[misc] # allauth has no types
    """A new passkey. It can also log in alone if the device verifies its user."""

    passwordless = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField()
        self.fields["name"].widget.attrs["maxlength"] = MAX_PASSKEY_NAME

    def clean_name(self) -> str:
        name: str = super().clean_name()
        return name[:MAX_PASSKEY_NAME]

    def clean(self) -> Any:
        with single_use_challenge(context.request):
            return super().clean()


class RenamePasskeyForm(Labelled, passkeys.EditWebAuthnForm):  # type: ignore[misc] # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].max_length = MAX_PASSKEY_NAME  # type: ignore[attr-defined] # a CharField
        self.fields["name"].widget.attrs["maxlength"] = MAX_PASSKEY_NAME

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        return name[:MAX_PASSKEY_NAME]
