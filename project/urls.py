"""Every page of the project, by feature."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("mainapp.accounts.urls")),
    path("", include("mainapp.market.urls")),
    path("", include("mainapp.pages.urls")),
]
