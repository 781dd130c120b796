"""Accounts, log-ins and second factors."""

from project.environment import env
from project.settings.mail import EMAIL_HOST

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = ["mainapp.accounts.backends.LogInBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Without a mail server messages are written to files, so users could not verify an address.
EMAIL_VERIFICATION = env.choice(
    "EMAIL_VERIFICATION",
    ("none", "optional", "mandatory"),
    default="mandatory" if EMAIL_HOST else "none",
)
ACCOUNT_ADAPTER = "mainapp.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "mainapp.accounts.forms.LogInForm",
    "signup": "mainapp.accounts.forms.SignUpForm",
    "reset_password": "mainapp.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "mainapp.accounts.forms.NewPasswordForm",
    "change_password": "mainapp.accounts.forms.ChangePasswordForm",
    "set_password": "mainapp.accounts.forms.SetPasswordForm",
    "reauthenticate": "mainapp.accounts.forms.ReauthenticateForm",
    "add_email": "mainapp.accounts.forms.AddEmailForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_REDIRECT_URL = "welcome"
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_USERNAME_BLACKLIST = [
    *("admin", "administrador", "administradora", "administrator", "moderador", "moderadora"),
    *("moderator", "pregao", "root", "sistema", "suporte", "support"),
]
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # else anyone could make us mail any address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Pregão] "
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # allauth limits it to the browser that signed up
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "mainapp.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "mainapp.accounts.forms.SecondStepForm",
    "reauthenticate": "mainapp.accounts.forms.ConfirmByCodeForm",
    "activate_totp": "mainapp.accounts.forms.ActivateAppForm",
    "add_webauthn": "mainapp.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "mainapp.accounts.forms.RenamePasskeyForm",
    "authenticate_webauthn": "mainapp.accounts.forms.PasskeySecondStepForm",
    "login_webauthn": "mainapp.accounts.forms.PasskeyLogInForm",
    "reauthenticate_webauthn": "mainapp.accounts.forms.ConfirmByPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Pregão"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# allauth would also refuse a new e-mail address to accounts with a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = False  # the limits are those of `mainapp.accounts.policies`
# The domain of passkeys; empty: the host of SITE_URL. Changing it invalidates every passkey.
PASSKEY_DOMAIN = env.host("PASSKEY_DOMAIN")
ADMIN_REQUIRES_SECOND_FACTOR = env.boolean("ADMIN_REQUIRES_SECOND_FACTOR", default=False)
# In addition to allauth's defaults; log-ins are limited by AccountAdapter.authenticate.
ACCOUNT_RATE_LIMITS = {"confirm_email": "3/10m/key", "login": None, "login_failed": None}
