"""Profile pictures: served by their random key, set and taken away by their owner."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mainapp.accounts.pictures import folders


@require_safe
def avatar(request: HttpRequest, key: str, size: int) -> HttpResponse:
    """Answer a thumbnail; a key never names another picture, so browsers may keep it for ever."""
    picture = folders.thumbnail(key, size)
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/webp")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
