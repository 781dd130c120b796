"""Cookies, HTTPS and the content security policy."""

from csp.constants import NONE, SELF

from project.environment import env
from project.settings.process import HTTPS

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# With this prefix browsers refuse cookies set by another host of the domain or by plain HTTP.
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_prefix}csrftoken"
LANGUAGE_COOKIE_NAME = f"{_prefix}django_language"
KNOWN_BROWSER_COOKIE_NAME = f"{_prefix}known_browser"
MESSAGES_COOKIE_NAME = f"{_prefix}messages"
TRACKER_COOKIE_NAME = f"{_prefix}tracker"
CARTEIRA_COOKIE_NAME = f"{_prefix}carteira"
MESSAGE_STORAGE = "mainapp.core.storage.MessageStorage"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "mainapp.pages.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
# Until this time is over, a browser opens the site by https alone: a mistake with a year's value
# would last a year.
_hsts_s = env.integer("HSTS_SECONDS", default=3600, maximum=63_072_000)
SECURE_HSTS_SECONDS = _hsts_s if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("HSTS_SUBDOMAINS", default=False)
# Subdomains and the browsers' preload list are the operator's decision.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W005", "security.W021"]
# RequireHttps is Django's SecurityMiddleware, which the check looks for by its name.
SILENCED_SYSTEM_CHECKS.append("security.W001")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
X_FRAME_OPTIONS = "DENY"
# The <style> that lightweight-charts 5.2.1 injects for its attribution; a test checks the hash.
CHART_STYLE_HASH = "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "style-src": [SELF, CHART_STYLE_HASH],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
