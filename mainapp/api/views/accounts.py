"""`accounts/`: sign-up, tokens, and the account itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.internal.flows import email_verification
from allauth.account.models import Login as LogInAttempt
from allauth.account.utils import has_verified_email
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.response import Response

from mainapp.accounts.adapter import MISMATCH
from mainapp.accounts.forms import LogInForm, SignUpForm
from mainapp.accounts.models import User
from mainapp.accounts.selectors import preferences_of
from mainapp.accounts.services.preferences import save_preferences, save_profile
from mainapp.api.serializers.accounts import (
    Account,
    Login,
    Refresh,
    Registered,
    Registration,
    Tokens,
)
from mainapp.api.services.tokens import end_token, give_tokens, rotate_token
from mainapp.api.views.base import ApiView, valid
from mainapp.core.exceptions import DomainError

WAIT_S = 60


class RegisterView(ApiView):
    """Sign up, by the rules of the site's page."""

    serializer_class = Registration

    @extend_schema(responses={201: Registered})
    def post(self, request: Any) -> Response:
        given = valid(self.get_serializer(data=request.data))
        if not ratelimit.consume(request._request, action="signup"):
            raise Throttled(wait=WAIT_S)
        form = _sign_up_form(given)
        _check(form)
        try:
            with transaction.atomic(), _aside(request._request):
                _register(request._request, form)
        except IntegrityError:
            _check(_sign_up_form(given))  # the username that another took meanwhile
            raise
        answer = {
            "username": form.cleaned_data["username"],
            "email": form.cleaned_data["email"],
            "verification": settings.EMAIL_VERIFICATION,
        }
        return Response(answer, 201)


class LoginView(ApiView):
    """Exchange a name and a password for tokens; `token/` is the same."""

    serializer_class = Login

    @extend_schema(responses={200: Tokens})
    def post(self, request: Any) -> Response:
        given = valid(self.get_serializer(data=request.data))
        names = {"login": given.get("username") or given["email"], "password": given["password"]}
        form = LogInForm(names, request=request._request)
        if not form.is_valid():
            if form.has_error("__all__", "too_many_login_attempts"):
                raise Throttled(wait=WAIT_S)
            raise DomainError("invalid_credentials", MISMATCH)
        _check_verified(request._request, form.user)
        return Response(give_tokens(user=form.user))


class RefreshView(ApiView):
    """Exchange a refresh token for a new pair; it is over then. `token/refresh/` is the same."""

    authentication_classes: list[Any] = []
    serializer_class = Refresh

    @extend_schema(responses={200: Tokens})
    def post(self, request: Any) -> Response:
        given = valid(self.get_serializer(data=request.data))
        return Response(rotate_token(refresh=given["refresh"]))

    def get_authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class LogoutView(ApiView):
    """End a refresh token of one's own."""

    serializer_class = Refresh

    @extend_schema(responses={204: None})
    def post(self, request: Any) -> Response:
        given = valid(self.get_serializer(data=request.data))
        end_token(user=request.user, refresh=given["refresh"])
        return Response(status=204)


class UserView(ApiView):
    """The account of who asks."""

    serializer_class = Account

    @extend_schema(responses={200: Account})
    def get(self, request: Any) -> Response:
        return Response(_told(request.user))

    @extend_schema(responses={200: Account})
    def patch(self, request: Any) -> Response:
        given = valid(self.get_serializer(request.user, data=request.data, partial=True))
        chosen = given.pop("preferred", {})
        user = User.objects.get(pk=request.user.pk)
        with transaction.atomic():
            if given:
                kept = {"display_name": user.display_name, "bio": user.bio}
                save_profile(user=user, **kept | given)
            if chosen:
                save_preferences(user=user, **chosen)
        return Response(_told(User.objects.get(pk=user.pk)))


def _told(user: User) -> Any:
    user.preferred = preferences_of(user)  # type: ignore[attr-defined] # for the serializer alone
    return Account(user).data


def _sign_up_form(given: dict[str, Any]) -> SignUpForm:
    password = given["password"]
    names = {"username": given["username"], "email": given["email"]}
    again = given.get("password2", password)
    return SignUpForm(names | {"password1": password, "password2": again})


def _check(form: SignUpForm) -> None:
    """Raises: ValidationError with the API's names of the fields."""
    if not form.is_valid():
        names = {"password1": "password", "__all__": "non_field_errors"}
        raise ValidationError(
            {names.get(name, name): list(told) for name, told in form.errors.items()}
        )


def _register(request: Any, form: SignUpForm) -> None:
    """Make the account and mail what the site's page would; a taken e-mail's owner is told."""
    email = form.cleaned_data["email"]
    if form.account_already_exists:
        User.objects.create_user(
            form.cleaned_data["username"], password=form.cleaned_data["password1"]
        )
        attempt = LogInAttempt(user=None, email=email, signup=True)
    else:
        attempt = LogInAttempt(user=form.save(request), email=email, signup=True)
    if settings.EMAIL_VERIFICATION != "none":
        email_verification.send_verification_email_at_login(request, attempt)


@contextmanager
def _aside(request: Any) -> Iterator[None]:
    """Keep what allauth leaves in the session, and says on the next page, from the client."""
    kept, request.session = request.session, type(request.session)()
    said, request._messages = request._messages, CookieStorage(request)
    try:
        yield
    finally:
        request.session, request._messages = kept, said


def _check_verified(request: Any, user: User) -> None:
    """Check that the user may log in. Raises: DomainError `email_unverified`."""
    if settings.EMAIL_VERIFICATION != "mandatory" or has_verified_email(user):
        return
    if email := user.email:
        attempt = LogInAttempt(user=user, email=email)
        with _aside(request):
            email_verification.send_verification_email_at_login(request, attempt)
    raise DomainError("email_unverified", _("Abra antes o link que mandamos ao seu e-mail."))
