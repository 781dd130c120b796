"""Logos of papers, from the folder that the operator gives."""

from django.http import Http404, HttpRequest, HttpResponse

from mainapp.market.marks import CONTENT_TYPES, logo_of


def logo(request: HttpRequest, symbol: str) -> HttpResponse:
    """Return a logo. Its URL carries its version, so browsers cache it for a year."""
    found = logo_of(symbol)
    if found is None:
        raise Http404
    content_type = CONTENT_TYPES[found.path.suffix.lower()]
    response = HttpResponse(found.path.read_bytes(), content_type=content_type)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
