"""The pages on which users create and revoke their API keys."""

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.api.forms import SCOPE_LABELS, KeyForm
from mainapp.api.models import ApiKey
from mainapp.api.policies import MAX_KEYS
from mainapp.api.selectors.keys import keys_of
from mainapp.api.services.keys import create_key, revoke_key
from mainapp.core.errors import shown_in_form
from mainapp.core.paths import get_owned_or_404


def keys(request: MemberRequest) -> HttpResponse:
    form = KeyForm(request.POST or None, user=request.user)
    if request.method == "POST":
        limit_response = ratelimit.consume_or_429(
            request, action="reauthenticate", user=request.user
        )
        if limit_response:
            limited: HttpResponse = limit_response
            return limited
    secret = _create(request, form) if form.is_valid() else ""
    at = timezone.now()
    rows = [(key, key.is_expired(at), _labels(key)) for key in keys_of(request.user)]
    context = {
        "rows": rows,
        "form": KeyForm(user=request.user) if secret else form,
        "secret": secret,
        "limit": MAX_KEYS,
        "may_create": len(rows) < MAX_KEYS,
    }
    return render(request, "mainapp/api/keys.html", context)


def _create(request: MemberRequest, form: KeyForm) -> str:
    """Return a new key's secret; "" if the user has too many keys, which the form then shows.

    The response shows it, instead of a redirect: a redirect would have to store it.
    """
    fields = {name: form.cleaned_data[name] for name in ("name", "scopes", "days")}
    with shown_in_form(form):
        return create_key(user=request.user, at=timezone.now(), **fields)[1]
    return ""


def _labels(key: ApiKey) -> list[str]:
    return [str(SCOPE_LABELS.get(scope, scope)) for scope in key.scopes]


def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    key = get_owned_or_404(keys_of(request.user), pk)
    if request.method == "POST":
        revoke_key(key=key)
        messages.success(request, _("A chave foi revogada."))
        return redirect("keys")
    return render(request, "mainapp/api/revoke_key.html", {"key": key})
