"""Home, health, and what every site has."""

from django.templatetags.static import static
from django.urls import URLPattern, path
from django.views.generic import RedirectView, TemplateView

from mainapp.pages.views.health import healthz, readyz
from mainapp.pages.views.home import home
from mainapp.pages.views.pictures import avatar


class Favicon(RedirectView):
    def get_redirect_url(self, *args: object, **kwargs: object) -> str:
        return static("mainapp/img/icon.svg")


urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path(
        "privacy/",
        TemplateView.as_view(template_name="mainapp/pages/privacy.html"),
        name="privacy",
    ),
    path("avatar/<str:key>/<int:size>", avatar, name="avatar"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("favicon.ico", Favicon.as_view(), name="favicon"),
    path(
        "robots.txt",
        TemplateView.as_view(template_name="robots.txt", content_type="text/plain"),
        name="robots",
    ),
]
