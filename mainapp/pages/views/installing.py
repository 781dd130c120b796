"""The files by which a phone installs the site: manifest, service worker, and offline page."""

import json
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mainapp.market.selectors.boards import index_quotes

GROUND = "#f4f5f2"  # --ground of the light theme
ICONS = "mainapp/img/"
# Everything that the offline page needs. The worker stores these files and nothing else.
ASSETS = (
    "mainapp/css/site.css",
    "mainapp/js/core/theme.js",
    "mainapp/img/icon.svg",
    "mainapp/img/icon-192.png",
    "vendor/geist/geist-latin-wght-normal.woff2",
    "vendor/geist/geist-latin-ext-wght-normal.woff2",
)


def manifest(request: HttpRequest) -> HttpResponse:
    body = {
        "id": "/",
        "name": "Pregão",
        "short_name": "Pregão",
        "description": _("A bolsa brasileira em tempo real, no seu próprio servidor."),
        "lang": "pt-BR" if get_language() == "pt-br" else get_language(),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": [
            {"src": static(f"{ICONS}icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            _icon(192),
            _icon(512),
            _icon(512, "-maskable") | {"purpose": "maskable"},
        ],
        "shortcuts": [
            {"name": _("Acompanhar"), "url": reverse("stocktracker"), "icons": [_icon(192)]},
            {"name": _("Alertas"), "url": reverse("alerts"), "icons": [_icon(192)]},
        ],
    }
    return _revalidated(json.dumps(body, ensure_ascii=False), "application/manifest+json")


def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker of this build: its bytes change with every static file."""
    build = {
        "version": build_version(),
        "page": reverse("offline"),
        "assets": [static(name) for name in ASSETS],
        "icon": static(f"{ICONS}icon-192.png"),
        "device": reverse("this-device"),
    }
    script = static("mainapp/js/core/worker.js")
    body = f"self.BUILD = {json.dumps(build)};\nimportScripts({json.dumps(script)});\n"
    return _revalidated(body, "text/javascript")


def offline(request: HttpRequest) -> HttpResponse:
    """Return the page that browsers store, with the last quotes of the index's stocks.

    It is rendered without the request, so that it is the same for everybody. It links to no stock,
    because those pages may be out of reach.
    """
    quotes = index_quotes()
    context = {
        "quotes": quotes,
        "at": timezone.now(),
        "simulated": settings.QUOTE_KIND != "real",
    }
    return _revalidated(render_to_string("mainapp/pages/offline.html", context), "text/html")


def build_version() -> str:
    """Return the hash of the manifest of static files; "debug" where files have no hashes."""
    return str(getattr(staticfiles_storage, "manifest_hash", "")) or "debug"


def _icon(size: int, suffix: str = "") -> dict[str, Any]:
    src = static(f"{ICONS}icon-{size}{suffix}.png")
    return {"src": src, "sizes": f"{size}x{size}", "type": "image/png"}


def _revalidated(body: str, content_type: str) -> HttpResponse:
    """Return a response that is revalidated every time: a stale worker would keep a stale build."""
    response = HttpResponse(body, content_type=f"{content_type}; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["X-Build"] = build_version()
    return response
