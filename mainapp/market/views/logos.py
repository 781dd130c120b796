"""Logos of papers, from the folder that the operator gives."""

from django.http import Http404, HttpRequest, HttpResponse

from mainapp.market.marks import CONTENT_TYPES, logo_path


def logo(request: HttpRequest, symbol: str) -> HttpResponse:
    """Return a logo. Its URL carries its version, so browsers cache it for a year."""
    path = logo_path(symbol)
    if path is None:
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=CONTENT_TYPES[path.suffix.lower()])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
