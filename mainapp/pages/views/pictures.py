"""Profile pictures: served by their random key, uploaded and removed by their owner."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.accounts.services.avatars import AVATARS, remove_avatar, set_avatar
from mainapp.core.errors import shown_as_message
from mainapp.core.tasks import queue_thumbnails
from mainapp.pages.forms import PictureForm


def avatar(request: HttpRequest, key: str, size: int) -> HttpResponse:
    """Return a thumbnail; a key always names the same picture, so browsers cache it forever."""
    picture = AVATARS.folders.thumbnail(key, size)
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/webp")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def update_picture(request: MemberRequest) -> HttpResponse:
    form = PictureForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["picture"]
        with shown_as_message(request):
            set_avatar(user=request.user, name=file.name, data=file.read())
            queue_thumbnails(AVATARS.name, request.user.pk)
            messages.success(request, _("Foto recebida."))
    else:
        messages.error(request, str(form.errors["picture"][0]))
    return redirect("user-profile", pk=request.user.pk)


@never_cache
def picture_state(request: MemberRequest) -> HttpResponse:
    """Return the picture's part of the page, which polls while thumbnails are made."""
    return render(request, "mainapp/pages/_profile_picture.html", {"person": request.user})


def remove_picture(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        remove_avatar(user=request.user)
        messages.success(request, _("A foto foi removida."))
        return redirect("user-profile", pk=request.user.pk)
    return render(request, "mainapp/pages/profile_remove_picture.html")
