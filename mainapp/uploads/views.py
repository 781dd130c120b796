"""Downloads of uploads, for the users in their audience."""

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from mainapp.core.paths import missing_as_404
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures.folders import FILE, FOLDERS, PICTURE
from mainapp.uploads.policies import SIZES
from mainapp.uploads.selectors.uploads import readable_upload


def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a file as it was uploaded, or a picture re-encoded."""
    upload = _readable(request, pk)
    is_picture = upload.kind == Upload.Kind.IMAGE
    return _response(upload, FOLDERS.read(upload.key, PICTURE if is_picture else FILE))


def thumbnail(request: HttpRequest, pk: int, size: int) -> HttpResponse:
    """Return a picture within `size` pixels; the whole one until the thumbnails are made."""
    upload = _readable(request, pk)
    if size not in SIZES or upload.kind != Upload.Kind.IMAGE:
        raise Http404
    small = FOLDERS.read(upload.key, f"{size}.webp")
    return _response(upload, small or FOLDERS.read(upload.key, PICTURE))


def _readable(request: HttpRequest, pk: int) -> Upload:
    # The session is read first: without it the headers of a 404 would reveal that no upload exists.
    reader = request.user if request.user.is_authenticated else AnonymousUser()
    with missing_as_404():
        return readable_upload(pk, reader)


def _response(upload: Upload, data: bytes | None) -> HttpResponse:
    if data is None:
        raise Http404
    name = upload.name
    if upload.kind == Upload.Kind.IMAGE:
        name = f"{name.rpartition('.')[0] or name}.webp"
    response = HttpResponse(data, content_type=upload.content_type)
    # An attachment, which a browser never shows as a page of this site.
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
