"""The privacy page, with the cookies that the site sets."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

YEAR = _("1 ano")
COOKIES = [
    (settings.SESSION_COOKIE_NAME, _("Manter você na sua conta"), _("2 semanas")),
    (settings.CSRF_COOKIE_NAME, _("Proteger os formulários"), YEAR),
    (settings.KNOWN_BROWSER_COOKIE_NAME, _("Reconhecer o navegador em que você já entrou"), YEAR),
    (settings.LANGUAGE_COOKIE_NAME, _("Lembrar o idioma"), YEAR),
    (settings.TRACKER_COOKIE_NAME, _("Lembrar as colunas e a ordem de Acompanhar"), YEAR),
    (settings.CARTEIRA_COOKIE_NAME, _("Lembrar as colunas e a ordem da carteira"), YEAR),
    (
        settings.MESSAGES_COOKIE_NAME,
        _("Levar uma mensagem de uma página à seguinte"),
        _("até a página seguinte"),
    ),
]


class PrivacyView(TemplateView):
    template_name = "mainapp/pages/privacy.html"
    extra_context = {"cookies": COOKIES}
