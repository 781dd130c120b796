"""Log-in, sign-up, password reset and unlock links, where they differ from allauth's views."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.account import views as allauth
from allauth.core import context, ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import IntegrityError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from mainapp.accounts.browsers import remember_browser
from mainapp.accounts.forms import UnlockForm
from mainapp.accounts.policies import UNLOCKS_BY_ADDRESS, UNLOCKS_BY_NAME, passkey_refusal
from mainapp.accounts.selectors import folded, user_of_unlock_token
from mainapp.accounts.services.unlocking import mail_unlock_link
from mainapp.core.addresses import client_address
from mainapp.core.limits import RateLimited, consume, of_address, of_text

HEAD_START_S = 0.1
RETRY_S = 60
UNLOCK_PAGE = "mainapp/accounts/unlock.html"


class LogInView(allauth.LoginView):  # type: ignore[misc] # allauth has no types
    """Log-in by password, with a button for passkeys where browsers accept them."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"offers_passkeys": not passkey_refusal(self.request)}

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse
        if form.has_error(NON_FIELD_ERRORS, "too_many_login_attempts"):
            unlock = UnlockForm(initial={"login": form.cleaned_data.get("login", "")})
            context = {"form": unlock, "is_refused": True}
            response = render(self.request, UNLOCK_PAGE, context, status=429)
            response["Retry-After"] = str(RETRY_S)
        else:
            response = super().form_invalid(form)
        return response


class UnlockView(FormView):  # type: ignore[type-arg] # no generics at run time
    """E-mail a link that makes a browser known; the response is the same without an account."""

    form_class = UnlockForm
    template_name = UNLOCK_PAGE
    success_url = reverse_lazy("login")

    def form_valid(self, form: UnlockForm) -> HttpResponse:
        name = form.cleaned_data["login"]
        try:
            consume(UNLOCKS_BY_ADDRESS, of_address(client_address(self.request)))
            consume(UNLOCKS_BY_NAME, of_text(folded(name)))
        except RateLimited:
            response: HttpResponse = ratelimit.respond_429(self.request)
            return response
        messages.success(
            self.request, _("Se a conta existe e tem e-mail, o link chega em instantes.")
        )
        work = partial(_mail_unlock_link, name, self.request, translation.get_language())
        return _RespondFirst(self.get_success_url(), work)


def open_unlock_link(request: HttpRequest, token: str) -> HttpResponse:
    """Make this browser known for the account of the e-mailed link; redirect to the log-in."""
    user = user_of_unlock_token(token)
    if user is None:
        messages.error(request, _("Este link não vale mais. Peça outro."))
        return redirect("unlock")
    remember_browser(request, user)
    messages.success(request, _("Navegador liberado. Agora entre com a sua senha."))
    return redirect("login")


class RegisterView(allauth.SignupView):  # type: ignore[misc] # allauth has no types
    """Sign-up; redirects the new user at once, or after the e-mail is verified.

    To `next`, or to the first steps if that is the home page, from which most people come.
    """

    extra_context = {"mail_goes_to_files": not settings.EMAIL_HOST}

    def get_success_url(self) -> str:
        requested: str | None = super().get_success_url()
        home = resolve_url(settings.LOGIN_REDIRECT_URL)
        if self.request.user.is_authenticated or requested not in (None, home):
            return requested or home
        return resolve_url(settings.ACCOUNT_SIGNUP_REDIRECT_URL)

    def form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse
        try:
            response = super().form_valid(form)
        except IntegrityError:  # no transaction: SQLite would be locked while passwords are hashed
            form = self.get_form_class()(**self.get_form_kwargs())
            if form.is_valid():  # the username is free: another constraint failed
                raise
            response = super().form_invalid(form)
        return response


class ConfirmEmailView(allauth.ConfirmEmailView):  # type: ignore[misc] # allauth has no types
    """E-mail confirmation; shows 'link already used' when the form is sent twice."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse
        try:
            response = super().post(*args, **kwargs)
        except Http404:
            response = self.get(*args, **kwargs)
        return response


class EmailView(allauth.EmailView):  # type: ignore[misc] # allauth has no types
    """The account's e-mail; unlike allauth's, a GET writes nothing to the database."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase
        if request.method == "POST":
            response = super().dispatch(request, *args, **kwargs)
        else:
            response = View.dispatch(self, request, *args, **kwargs)
        return response


class ResetPasswordView(allauth.PasswordResetView):  # type: ignore[misc] # allauth has no types
    """Request for a password link; the response is sent before any account is looked up."""

    def form_valid(self, form: Form) -> HttpResponse:
        email = form.cleaned_data["email"].lower()
        limit_response: HttpResponse | None = ratelimit.consume_or_429(
            self.request, action="reset_password", key=email
        )
        work = partial(_save, form, self.request, translation.get_language())
        return limit_response or _RespondFirst(self.get_success_url(), work)


class _RespondFirst(HttpResponseRedirect):
    """A redirect that does its work after it is sent, so that its duration reveals nothing.

    On a busy machine, work that starts at once would still delay when the client receives it.
    """

    def __init__(self, to: Any, work: Callable[[], Any]) -> None:
        super().__init__(to)
        self._work = work

    def close(self) -> None:
        time.sleep(HEAD_START_S)
        try:
            self._work()
        finally:
            super().close()


def _mail_unlock_link(name: str, request: HttpRequest, language: str | None) -> None:
    with context.request_context(request), translation.override(language):
        mail_unlock_link(name=name)


def _save(form: Form, request: HttpRequest, language: str | None) -> None:
    with context.request_context(request), translation.override(language):
        form.save(request)  # type: ignore[attr-defined] # allauth's forms have `save`
