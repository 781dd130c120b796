"""URLs of all features."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.i18n import JavaScriptCatalog, set_language

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/setlang/", set_language, name="set_language"),
    path(  # cacheable: its URL contains the language
        "jsi18n/",
        cache_control(max_age=3600, private=True)(JavaScriptCatalog.as_view()),
        name="javascript-catalog",
    ),
    path("", include("mainapp.accounts.urls")),
    path("", include("mainapp.market.urls")),
    path("", include("mainapp.alerts.urls")),
    path("", include("mainapp.notifications.urls")),
    path("", include("mainapp.uploads.urls")),
    path("", include("mainapp.moderation.urls")),
    path("", include("mainapp.clubs.urls")),
    path("", include("mainapp.portfolio.urls")),
    path("", include("mainapp.forum.urls")),
    path("", include("mainapp.ideas.urls")),
    path("", include("mainapp.agenda.urls")),
    path("", include("mainapp.operations.urls")),
    path("", include("mainapp.pages.urls")),
    path("", include("mainapp.api.urls")),
]

handler400 = "mainapp.pages.errors.bad_request"
handler403 = "mainapp.pages.errors.permission_denied"
handler404 = "mainapp.pages.errors.page_not_found"
handler429 = "mainapp.pages.errors.too_many_requests"  # used by allauth
handler500 = "mainapp.pages.errors.server_error"
