"""The picture of a club: served to members, uploaded and removed by managers."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.clubs.forms import PictureForm
from mainapp.clubs.policies import ClubRequest
from mainapp.clubs.services.pictures import CLUB_PICTURES, remove_club_picture, set_club_picture
from mainapp.clubs.views.clubs import require_manager
from mainapp.core.errors import shown_as_message
from mainapp.core.tasks import queue_thumbnails


def picture(request: ClubRequest, slug: str, key: str, size: int) -> HttpResponse:
    """Return a thumbnail. Nobody stores it, because a member who leaves must not see it again."""
    data = CLUB_PICTURES.folders.thumbnail(key, size) if key == request.club.picture_key else None
    if data is None:
        raise Http404
    response = HttpResponse(data, content_type="image/webp")
    response["Cache-Control"] = "private, no-store"
    return response


def update(request: ClubRequest, slug: str) -> HttpResponse:
    require_manager(request)
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, str(form.errors["picture"][0]))
        return redirect("edit-club", slug)
    file, is_stored = form.cleaned_data["picture"], False
    with shown_as_message(request):
        set_club_picture(
            club_pk=request.club.pk,
            actor=request.user,
            name=file.name,
            data=file.read(),
            at=timezone.now(),
        )
        is_stored = True
    if not is_stored:
        return redirect("edit-club", slug)
    queue_thumbnails(CLUB_PICTURES.name, request.club.pk)
    messages.success(request, _("Imagem recebida. Ela aparece em instantes."))
    return redirect(request.club)


def remove(request: ClubRequest, slug: str) -> HttpResponse:
    require_manager(request)
    if request.method == "POST":
        with shown_as_message(request):
            remove_club_picture(club_pk=request.club.pk, actor=request.user, at=timezone.now())
            messages.success(request, _("A imagem foi removida."))
        return redirect(request.club)
    context = {"club": request.club, "member": request.member}
    return render(request, "mainapp/clubs/remove_picture.html", context)
