"""Preferences, saved as they are chosen."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.accounts.services.preferences import save_preferences
from mainapp.core.errors import json_response
from mainapp.core.exceptions import DomainError
from mainapp.pages.forms import PreferencesForm


def preferences(request: MemberRequest) -> HttpResponse:
    """Save the chosen preferences; scripts get JSON, forms a redirect back."""
    form = PreferencesForm(request.POST)
    if form.is_valid():
        save_preferences(user=request.user, **form.cleaned_data)
        return _saved(request, form.cleaned_data)
    message = " ".join(str(error) for errors in form.errors.values() for error in errors)
    if _wants_json(request):
        fields = {name: list(errors) for name, errors in form.errors.items()}
        return json_response(DomainError("invalid", "%(error)s", {"error": message}, fields=fields))
    messages.error(request, message)
    return _redirect_back(request)


def _saved(request: HttpRequest, chosen: dict[str, Any]) -> HttpResponse:
    language = chosen.get("language")
    with translation.override(language or translation.get_language()):
        message = _("Salvo.")
        if _wants_json(request):
            response: HttpResponse = JsonResponse({"saved": chosen, "message": message})
        else:
            messages.success(request, _("Preferência salva."))
            response = _redirect_back(request)
    if language is not None:
        set_language_cookie(response, language)
    return response


def set_language_cookie(response: HttpResponse, language: str) -> None:
    """Set the browser's language cookie; an empty language removes it."""
    if not language:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _redirect_back(request: HttpRequest) -> HttpResponse:
    """Redirect to `next` if it is on this site, else to the user's profile."""
    url = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        url, {request.get_host()}, require_https=request.is_secure()
    ):
        url = reverse("user-profile", args=[request.user.pk])
    return HttpResponseRedirect(url)
