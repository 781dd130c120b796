"""Static files, media and reports."""

from typing import Any

from project.environment import BASE_DIR, env
from project.media import read_media_settings
from project.settings.process import DATA_DIR, DEBUG

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
LOGOS_DIR = env.path("LOGOS_DIR", DATA_DIR / "logos")
STATICFILES_DIRS: list[Any] = [
    BASE_DIR / "static",
    *(
        (prefix, folder)
        for prefix, folder in (
            ("vendor/geist", BASE_DIR / "node_modules/@fontsource-variable/geist/files"),
            ("vendor/d3-hierarchy", BASE_DIR / "node_modules/d3-hierarchy/dist"),
            ("vendor/lightweight-charts", BASE_DIR / "node_modules/lightweight-charts/dist"),
            ("vendor/swagger-ui", BASE_DIR / "node_modules/swagger-ui-dist"),
        )
        if folder.is_dir()
    ),
]
PACKAGE_PREFIXES = ("vendor/", "django_htmx/")
PACKAGE_FILES = {
    "django_htmx/htmx-2.min.js",
    "django_htmx/django-htmx.js",
    "vendor/geist/geist-latin-wght-normal.woff2",
    "vendor/geist/geist-latin-ext-wght-normal.woff2",
    "vendor/d3-hierarchy/d3-hierarchy.min.js",
    "vendor/lightweight-charts/lightweight-charts.standalone.production.mjs",
    "vendor/swagger-ui/swagger-ui.css",
    "vendor/swagger-ui/swagger-ui.css.map",
    "vendor/swagger-ui/swagger-ui-bundle.js",
}
STATICFILES_FINDERS = [
    "mainapp.core.storage.UsedFilesFinder",
    "mainapp.core.storage.UsedAppFilesFinder",
]
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_S3_BUCKET, _media = read_media_settings()
# Derived files, not in backups; workers and web processes of all hosts share this folder.
REPORTS_DIR = env.path("REPORTS_DIR", DATA_DIR / "reports")
STORAGES = {
    "default": _media,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "mainapp.core.storage.ModuleStaticFilesStorage"
    },
}
