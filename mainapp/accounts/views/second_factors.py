"""allauth's pages of second factors, with this site's templates and limits."""

from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import flows
from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.views.generic import TemplateView

from mainapp.accounts.policies import (
    LOG_INS_BY_ADDRESS,
    MemberRequest,
    must_use_second_factor,
    passkey_refusal,
)
from mainapp.accounts.selectors.second_factors import Type, factors_of, passkeys_of
from mainapp.accounts.services.passkeys import begin_registration, begin_use
from mainapp.accounts.services.second_factors import record_step
from mainapp.core.addresses import client_address
from mainapp.core.errors import shown_as_message
from mainapp.core.limits import RateLimited, consume, of_address
from mainapp.core.paths import get_owned_or_404

FOLDER = "mainapp/accounts"


class ShowsErrors:
    """Mixin: show a domain error, such as a lost key, as a message on the overview."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with shown_as_message(request):
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc] # of the view
            return response
        return redirect("second-factor")


class OverviewView(TemplateView):
    template_name = f"{FOLDER}/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        factors = factors_of(self.request.user)  # type: ignore[arg-type] # the policy admits users
        return super().get_context_data(
            factors=factors,
            passkeys=[(row, row.wrap().name) for row in factors.passkeys],
            unused_count=_unused_count(factors.recovery),
            passkey_refusal=passkey_refusal(self.request),
            is_required=must_use_second_factor(self.request.user),
            **kwargs,
        )


def _unused_count(recovery: Authenticator | None) -> int:
    """Return the number of unused recovery codes; needs no key."""
    if recovery is None:
        return 0
    return CODE_COUNT - int(recovery.data.get("used_mask", 0)).bit_count()


CODE_COUNT = 10  # allauth's default


class ActivateAppView(ShowsErrors, totp.ActivateTOTPView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/activate_app.html"
    success_url = reverse_lazy("second-factor")

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            factor = Authenticator.objects.get(user=self.request.user, type=Type.TOTP)
            record_step(factor=factor, step=form.step)
        return response


class DeactivateAppView(totp.DeactivateTOTPView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/deactivate_app.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if factors_of(request.user).app is None:  # type: ignore[arg-type] # as above
            return redirect("second-factor")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class RecoveryCodesView(ShowsErrors, recovery.ViewRecoveryCodesView):  # type: ignore[misc] # allauth has no types
    """The recovery codes, shown once, right after they are created."""

    template_name = f"{FOLDER}/recovery_codes.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if factors_of(request.user).recovery is None:  # type: ignore[arg-type] # as above
            return redirect("second-factor")
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response


class RenewRecoveryCodesView(ShowsErrors, recovery.GenerateRecoveryCodesView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/renew_recovery_codes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # allauth's context would decrypt the old secret to count the unused codes.
        context: dict[str, Any] = super(recovery.GenerateRecoveryCodesView, self).get_context_data(
            **kwargs
        )
        return context


class AddPasskeyView(webauthn.AddWebAuthnView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/add_passkey.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if refusal := passkey_refusal(request):
            messages.error(request, refusal)
            return redirect("second-factor")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super(webauthn.AddWebAuthnView, self).get_context_data(**kwargs)
        options = begin_registration(request=self.request, user=self.request.user)
        return context | {"options": options}


class OwnPasskey:
    """Mixin: another user's or a missing passkey is 404, before the password is asked for again."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        get_owned_or_404(passkeys_of(request.user), kwargs["pk"])
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc] # of the view
        return response


class RenamePasskeyView(OwnPasskey, webauthn.EditWebAuthnView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/rename_passkey.html"
    success_url = reverse_lazy("second-factor")


class RemovePasskeyView(OwnPasskey, webauthn.RemoveWebAuthnView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/remove_passkey.html"
    success_url = reverse_lazy("second-factor")


class SecondStepView(base.AuthenticateView):  # type: ignore[misc] # allauth has no types
    """The second step of a log-in: a code, a recovery code, or a passkey."""

    template_name = f"{FOLDER}/second_step.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = TemplateView.get_context_data(self, form=self.auth_form, **kwargs)
        user = self.stage.login.user
        factors = factors_of(user)
        context |= {"has_app": bool(factors.app), "has_passkeys": bool(factors.passkeys)}
        if factors.passkeys:
            context["passkey_refusal"] = passkey_refusal(self.request)
            context["passkey_form"] = self.webauthn_form
            context["options"] = begin_use(request=self.request, user=user)
        return context


def confirm_by_factor(request: MemberRequest) -> HttpResponse:
    """Redirect to the confirmation page for the user's second factor, with the same `next`."""
    factors = factors_of(request.user)
    is_passkey = factors.app is None and not passkey_refusal(request)
    name = "confirm-by-passkey" if is_passkey else "confirm-by-code"
    if not factors.is_on:
        name = "second-factor"
    return redirect(f"{reverse(name)}?{request.GET.urlencode()}")


class ConfirmByCodeView(base.ReauthenticateView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/confirm_by_code.html"


class ConfirmByPasskeyView(webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc] # allauth has no types
    template_name = f"{FOLDER}/confirm_by_passkey.html"

    def form_invalid(self, form: Form) -> HttpResponse:
        return _show_refusal(self.request, form, self.request.get_full_path())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        parent: Any = super(webauthn.ReauthenticateWebAuthnView, self)
        context: dict[str, Any] = parent.get_context_data(**kwargs)
        options = begin_use(request=self.request, user=self.request.user)
        refusal = passkey_refusal(self.request)
        return context | {"options": options, "passkey_refusal": refusal}


class PasskeyLogInView(webauthn.LoginWebAuthnView):  # type: ignore[misc] # allauth has no types
    """Log-in by passkey alone: GET returns the browser's options, POST takes its response."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        options = begin_use(request=request, user=None)
        return JsonResponse(options, headers={"Cache-Control": "no-store"})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            consume(LOG_INS_BY_ADDRESS, of_address(client_address(request)))
        except RateLimited:
            refused: HttpResponse = ratelimit.respond_429(request)
            return refused
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_invalid(self, form: Form) -> HttpResponse:
        return _show_refusal(self.request, form, reverse("login"))

    def form_valid(self, form: Form) -> HttpResponse:
        factor = form.cleaned_data["credential"]
        target = get_next_redirect_url(self.request)
        attempt = webauthn.Login(user=factor.user, redirect_url=target)
        response: HttpResponse = flows.perform_passwordless_login(self.request, factor, attempt)
        return response


def _show_refusal(request: HttpRequest, form: Form, target: str) -> HttpResponse:
    for message in form.errors.get("credential", []):
        messages.error(request, str(message))
    return HttpResponseRedirect(target)
