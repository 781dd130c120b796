"""URLs of home, profile, and the general pages of a site."""

from django.conf import settings
from django.templatetags.static import static
from django.urls import URLPattern, path
from django.views.generic import RedirectView, TemplateView

from mainapp.pages.views import (
    account,
    blocking,
    installing,
    pictures,
    preferences,
    profile,
    welcome,
)
from mainapp.pages.views.guide import guide
from mainapp.pages.views.home import home
from mainapp.pages.views.privacy import PrivacyView
from mainapp.pages.views.search import site_search


class Favicon(RedirectView):
    def get_redirect_url(self, *args: object, **kwargs: object) -> str:
        return static("mainapp/img/icon.svg")


urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path("bem-vindo/", welcome.stocks, name="welcome"),
    path("bem-vindo/avisos/", welcome.channels, name="welcome-channels"),
    path("privacy/", PrivacyView.as_view(), name="privacy"),
    path("buscar/", site_search, name="buscar"),
    path("profile/<key:pk>/", profile.user_profile, name="user-profile"),
    path("update-profile/", profile.update_profile, name="update-profile"),
    path("blocked-people/", blocking.blocked_people, name="blocked-people"),
    path("block-user/<key:pk>/", blocking.block, name="block-user"),
    path("unblock-user/<key:pk>/", blocking.unblock, name="unblock-user"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("update-picture/", pictures.update_picture, name="update-picture"),
    path("update-picture/state/", pictures.picture_state, name="picture-state"),
    path("remove-picture/", pictures.remove_picture, name="remove-picture"),
    path("export-data/", account.export_data, name="export-data"),
    path("delete-account/", account.remove_account, name="delete-account"),
    path("avatar/<str:key>/<key:size>", pictures.avatar, name="avatar"),
    path("app.webmanifest", installing.manifest, name="manifest"),
    path("sw.js", installing.service_worker, name="service-worker"),
    path("offline/", installing.offline, name="offline"),
    path("favicon.ico", Favicon.as_view(), name="favicon"),
    path(
        "robots.txt",
        TemplateView.as_view(template_name="robots.txt", content_type="text/plain"),
        name="robots",
    ),
]

if settings.STYLE_GUIDE:
    urlpatterns.append(path("estilo/", guide, name="style-guide"))
