"""`accounts/`: sign-up, tokens, and the account itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import email_verification
from allauth.account.models import EmailAddress
from allauth.account.models import Login as LogInAttempt
from allauth.account.utils import has_verified_email, setup_user_email
from allauth.core import ratelimit
from django.conf import settings
from django.core.exceptions import ValidationError as InvalidValue
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.response import Response

from mainapp.accounts.adapter import MISMATCH
from mainapp.accounts.forms import LogInForm, SignUpForm
from mainapp.accounts.models import User
from mainapp.accounts.selectors import free_username, preferences_of, usable_display_name
from mainapp.accounts.services.preferences import save_preferences, save_profile
from mainapp.accounts.services.second_factors import check_code
from mainapp.api.serializers.accounts import (
    Account,
    Login,
    Refresh,
    Registered,
    Registration,
    Tokens,
)
from mainapp.api.services.tokens import (
    claims_of,
    create_tokens,
    end_log_in,
    rotate_token,
    sign_claims,
)
from mainapp.api.views.base import WAIT_S, ApiView, valid
from mainapp.core.addresses import client_address
from mainapp.core.exceptions import DomainError
from mainapp.core.storage import NamedCookieStorage


class RegisterView(ApiView):
    """Sign up, by the rules of the site's sign-up page."""

    begins_late = True
    serializer_class = Registration

    @extend_schema(responses={201: Registered})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        if not ratelimit.consume(request._request, action="signup"):
            raise Throttled(wait=WAIT_S)
        form = _sign_up_form(data)
        if not form.is_valid():
            self.check_repeated(request)  # a concurrent request may have just created the account
        _check(form)
        user = _new_user(request._request, form)
        user.display_name = usable_display_name(data.get("name", ""))
        self.begin(request)
        try:
            _register(request._request, form, user)
        except IntegrityError:
            form = _sign_up_form(data)
            _check(form)  # another user took the username since the first check
            if "name" not in data and "username" in data:
                raise
            user.pk, user.username = None, form.cleaned_data["username"]
            user.display_name = usable_display_name(data.get("name", ""))
            _register(request._request, form, user)
        answer = {
            "username": form.cleaned_data["username"],
            "display_name": user.display_name,
            "email": form.cleaned_data["email"],
            "verification": settings.EMAIL_VERIFICATION,
        }
        return Response(answer, 201)


class LoginView(ApiView):
    """Exchange a name, a password and, with a second factor, a code for tokens.

    `token/` is the same.
    """

    accepts_key = False
    serializer_class = Login

    @extend_schema(responses={200: Tokens})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        names = {"login": data.get("username") or data["email"], "password": data["password"]}
        form = LogInForm(names, request=request._request)
        if not form.is_valid():
            if form.has_error("__all__", "too_many_login_attempts"):
                raise Throttled(wait=WAIT_S)
            raise DomainError("invalid_credentials", MISMATCH)
        _check_verified(request._request, form.user)
        at = timezone.now()
        is_second_factor_used = check_code(user=form.user, code=data.get("code", ""), at=at)
        tokens = create_tokens(
            user=form.user,
            address=client_address(request._request),
            user_agent=request.headers.get("User-Agent", ""),
            is_second_factor_used=is_second_factor_used,
        )
        return Response(tokens)


class RefreshView(ApiView):
    """Exchange a refresh token, once, for a new pair. `token/refresh/` is the same."""

    authentication_classes: list[Any] = []
    serializer_class = Refresh

    @extend_schema(responses={200: Tokens})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        return Response(rotate_token(refresh=data["refresh"]))

    def body_to_save(self, data: Any) -> Any:
        return claims_of(data)

    def restored_body(self, body: Any) -> Any:
        return sign_claims(body)

    def get_authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class LogoutView(ApiView):
    """End the log-in of one of the user's refresh tokens: its tokens, tickets and sockets."""

    serializer_class = Refresh

    @extend_schema(responses={204: None})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        end_log_in(user=request.user, refresh=data["refresh"])
        return Response(status=204)


class UserView(ApiView):
    """The account of the user."""

    serializer_class = Account

    @extend_schema(responses={200: Account})
    def get(self, request: Any) -> Response:
        return Response(_account_data(request.user))

    @extend_schema(responses={200: Account})
    def patch(self, request: Any) -> Response:
        data = valid(self.get_serializer(request.user, data=request.data, partial=True))
        chosen = data.pop("preferred", {})
        user = User.objects.get(pk=request.user.pk)
        with transaction.atomic():
            if data:
                current = {"display_name": user.display_name, "bio": user.bio}
                save_profile(user=user, **current | data)
            if chosen:
                save_preferences(user=user, **chosen)
        return Response(_account_data(User.objects.get(pk=user.pk)))


def _account_data(user: User) -> Any:
    user.preferred = preferences_of(user)  # type: ignore[attr-defined] # for the serializer alone
    return Account(user).data


def _sign_up_form(data: dict[str, Any]) -> SignUpForm:
    username = data.get("username") or _username_from(data.get("name", ""))
    names = {"username": username, "email": data["email"]}
    return SignUpForm(names | dict.fromkeys(("password1", "password2"), data["password"]))


def _username_from(name: str) -> str:
    try:
        return free_username(name)
    except InvalidValue as error:
        raise ValidationError({"name": error.messages}) from None


def _check(form: SignUpForm) -> None:
    """Validate the form. Raises: ValidationError with the API's names of the fields."""
    if not form.is_valid():
        names = {"password1": "password", "__all__": "non_field_errors"}
        raise ValidationError(
            {names.get(name, name): list(messages) for name, messages in form.errors.items()}
        )


def _new_user(request: Any, form: SignUpForm) -> User:
    """Return the account, not yet saved; the password is hashed here, outside a transaction."""
    # For a taken e-mail, an account without one is created: see `SignUpForm.try_save`.
    if form.account_already_exists:
        user = User(username=form.cleaned_data["username"])
        user.set_password(form.cleaned_data["password1"])
        return user
    adapter = get_adapter()
    new: User = adapter.save_user(request, adapter.new_user(request), form, commit=False)
    return new


def _register(request: Any, form: SignUpForm, user: User) -> None:
    """Create the account and send the e-mails of the site's page, to a taken address too."""
    email = form.cleaned_data["email"]
    attempt = LogInAttempt(user=None, email=email, signup=True)
    with transaction.atomic(), _discard_session_changes(request):
        user.save()
        if not form.account_already_exists:
            setup_user_email(request, user, [EmailAddress(email=email)])
            attempt.user = user
        if settings.EMAIL_VERIFICATION != "none":
            email_verification.send_verification_email_at_login(request, attempt)


@contextmanager
def _discard_session_changes(request: Any) -> Iterator[None]:
    """Discard what allauth writes to the session and to the messages of the next page."""
    saved_session, request.session = request.session, type(request.session)()
    saved_messages, request._messages = request._messages, NamedCookieStorage(request)
    try:
        yield
    finally:
        request.session, request._messages = saved_session, saved_messages


def _check_verified(request: Any, user: User) -> None:
    """Check that the user may log in. Raises: DomainError `email_unverified`."""
    if settings.EMAIL_VERIFICATION != "mandatory" or has_verified_email(user):
        return
    if email := user.email:
        attempt = LogInAttempt(user=user, email=email)
        with _discard_session_changes(request):
            email_verification.send_verification_email_at_login(request, attempt)
    raise DomainError("email_unverified", _("Abra antes o link que mandamos ao seu e-mail."))
