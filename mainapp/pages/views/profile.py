"""Profile pages, and the owner's form."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.accounts.selectors import person_seen_by, preferences_of
from mainapp.accounts.services.preferences import save_profile
from mainapp.core.errors import shown_in_form
from mainapp.core.paths import missing_as_404
from mainapp.pages.forms import PictureForm, PreferencesForm, ProfileForm


@never_cache
def user_profile(request: HttpRequest, pk: int) -> HttpResponse:
    if isinstance(request.user, User) and request.user.pk == pk:
        return _own_profile(request, request.user)
    with missing_as_404():
        profile_user, is_blocked = person_seen_by(pk, request.user)
    context = {"person": profile_user, "is_blocked": is_blocked}
    return render(request, "mainapp/pages/profile.html", context)


def _own_profile(request: HttpRequest, user: User) -> HttpResponse:
    saved = preferences_of(user)
    initial = {name: getattr(saved, name) for name in PreferencesForm.base_fields}
    context = {
        "person": user,
        "is_owner": True,
        "preferences": PreferencesForm(initial=initial),
        "picture": PictureForm(),
    }
    return render(request, "mainapp/pages/profile.html", context)


def update_profile(request: MemberRequest) -> HttpResponse:
    # A second instance, because the form changes its own and the page's head shows the user.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if form.is_valid():
        with shown_in_form(form, "display_name"):
            save_profile(user=request.user, **form.cleaned_data)
            messages.success(request, _("Perfil salvo."))
            return redirect("user-profile", pk=request.user.pk)
    return render(request, "mainapp/pages/profile_form.html", {"form": form})
