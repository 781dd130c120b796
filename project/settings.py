"""Every setting, in one file; the environment (or .env) decides; `.env.example` lists it all."""

import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from mainapp.core import redis as core_redis

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

# The process -----------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

SECRET_KEY = env.str("SECRET_KEY", default="only-for-debugging" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set: give it a long random value.")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where links in e-mails lead; behind a proxy the origin that its visitors know.
_here = f"{env.str('HOST', default='') or '127.0.0.1'}:{env.str('PORT', default='') or '8000'}"
SITE_URL = env.str("SITE_URL", default="") or [*CSRF_TRUSTED_ORIGINS, f"http://{_here}"][0]
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
HTTPS = env.bool("HTTPS", default=not DEBUG)

INSTALLED_APPS = [
    # Takes a second to load (Twisted), for the one command that it brings.
    *(["daphne"] if "runserver" in sys.argv else []),
    "mainapp.pages.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "django_celery_beat",
    "allauth",
    "allauth.account",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "mainapp.core",
    "mainapp.accounts",
    "mainapp.market",
    "mainapp.notifications",
    "mainapp.alerts",
    "mainapp.portfolio",
    "mainapp.forum",
    "mainapp.pages",
    "mainapp.api",
]

MIDDLEWARE = [
    "mainapp.pages.middleware.measure_responses",
    "django.middleware.security.SecurityMiddleware",
    # Before any that may answer by itself: what is refused and what is static is guarded too.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "mainapp.api.middleware.answer_in_json",
    "mainapp.pages.middleware.refuse_large_bodies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mainapp.pages.middleware.refuse_control_characters",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "mainapp.pages.middleware.keep_chosen_language",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mainapp.pages.middleware.EnforcePagePolicies",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "mainapp.market.context.market",
            ],
        },
    }
]

# Stores ----------------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR / 'pregao.sqlite3'}"
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # In memory, the threads that sockets query on would share one connection's locks.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "tests.sqlite3"}
else:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 0,
        "max_size": 20,
        "timeout": 10,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or "redis://127.0.0.1:6379/0"
REDIS_PREFIX = env.str("REDIS_PREFIX", default="") or core_redis.DEFAULT_PREFIX
CHANNEL_LAYERS = core_redis.channel_layers(REDIS_URL, REDIS_PREFIX)
CACHES = core_redis.caches(REDIS_URL, REDIS_PREFIX)

# Background work -------------------------------------------------------------------------------

CELERY_BROKER_URL = core_redis.broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT = "project.broker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS = core_redis.broker_options(REDIS_URL, REDIS_PREFIX)
CELERY_RESULT_BACKEND = "project.broker:ResultBackend"
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS
CELERY_RESULT_EXPIRES = 300
CELERY_TIMEZONE = "America/Sao_Paulo"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # a demoted master answers READONLY
CELERY_TASK_ROUTES = {"update_stock": {"queue": "update"}}
CELERY_BEAT_SCHEDULER = "project.scheduler:Scheduler"

# Quotes ----------------------------------------------------------------------------------------

REAL_SOURCES = ("brapi", "yahoo", "yahoo_fin")
_names = [name.strip() for name in env.list("QUOTE_SOURCE", default=[])]
QUOTE_SOURCE = list(dict.fromkeys(_names)) or list(REAL_SOURCES)
SIMULATED = QUOTE_SOURCE == ["simulated"]
ALLOW_SIMULATED = env.bool("ALLOW_SIMULATED", default=DEBUG)
if unknown := set(QUOTE_SOURCE) - {*REAL_SOURCES, "simulated"}:
    raise ImproperlyConfigured(
        f"QUOTE_SOURCE names {', '.join(sorted(unknown))}; it takes {', '.join(REAL_SOURCES)}, or "
        "simulated alone ('auto' only under `make run`)."
    )
if "simulated" in QUOTE_SOURCE and not SIMULATED:
    raise ImproperlyConfigured("QUOTE_SOURCE: real sources and 'simulated' never mix.")
if SIMULATED and not ALLOW_SIMULATED:
    raise ImproperlyConfigured("QUOTE_SOURCE=simulated needs ALLOW_SIMULATED=1.")

UPDATE_INTERVAL_S = env.int("UPDATE_INTERVAL_S", default=10)
SOURCE_TIMEOUT_S = env.float("SOURCE_TIMEOUT_S", default=3.0)
SOURCE_PROXY = env.str("SOURCE_PROXY", default="")
BRAPI_URL = env.str("BRAPI_URL", default="https://brapi.dev")
BRAPI_TOKEN = env.str("BRAPI_TOKEN", default="")
BRAPI_BATCH_SIZE = env.int("BRAPI_BATCH_SIZE", default=20)
BRAPI_BUDGET_PER_MONTH = env.int("BRAPI_BUDGET_PER_MONTH", default=15_000)
YAHOO_URL = env.str("YAHOO_URL", default="https://query1.finance.yahoo.com")
YAHOO_BUDGET_PER_HOUR = env.int("YAHOO_BUDGET_PER_HOUR", default=1_500)
YAHOO_FIN_URL = env.str("YAHOO_FIN_URL", default="https://finance.yahoo.com")
SIMULATED_SEED = env.int("SIMULATED_SEED", default=1)
SIMULATED_SPEED = env.float("SIMULATED_SPEED", default=1.0)
SIMULATED_VOLATILITY = env.float("SIMULATED_VOLATILITY", default=1.0)
KEEP_MINUTE_CANDLES_DAYS = env.int("KEEP_MINUTE_CANDLES_DAYS", default=30)
KEEP_DAILY_CANDLES_DAYS = env.int("KEEP_DAILY_CANDLES_DAYS", default=3650)

# People ----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = ["mainapp.accounts.backends.LogInBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Without a mail server nobody could verify anything: messages are files then.
EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", default="") or (
    "mandatory" if env.str("EMAIL_HOST", default="") else "none"
)
if EMAIL_VERIFICATION not in ("none", "optional", "mandatory"):
    raise ImproperlyConfigured("EMAIL_VERIFICATION takes none, optional or mandatory.")
ACCOUNT_ADAPTER = "mainapp.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "mainapp.accounts.forms.LogInForm",
    "signup": "mainapp.accounts.forms.SignUpForm",
    "reset_password": "mainapp.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "mainapp.accounts.forms.NewPasswordForm",
    "change_password": "mainapp.accounts.forms.ChangePasswordForm",
    "set_password": "mainapp.accounts.forms.SetPasswordForm",
    "reauthenticate": "mainapp.accounts.forms.ReauthenticateForm",
    "add_email": "mainapp.accounts.forms.AddEmailForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_USERNAME_BLACKLIST = [
    *("admin", "administrador", "administrator", "moderador", "moderator", "pregao", "root"),
    *("sistema", "suporte", "support"),
]
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no stranger has us mail whom they like
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Pregão] "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up, and no other
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"confirm_email": "3/10m/key"}  # the others are allauth's own

# The API ---------------------------------------------------------------------------------------

API_REQUESTS_A_MINUTE_ADDRESS = env.int("API_REQUESTS_A_MINUTE_ADDRESS", default=600)
API_REQUESTS_A_MINUTE_USER = env.int("API_REQUESTS_A_MINUTE_USER", default=300)
ROOMS_A_DAY = env.int("ROOMS_A_DAY", default=20)
UPLOADS_A_DAY = env.int("UPLOADS_A_DAY", default=10)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mainapp.api.authentication.Bearer",
        "mainapp.api.authentication.SiteSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mainapp.api.formats.Json"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mainapp.api.formats.OnlyJson",
    "DEFAULT_PAGINATION_CLASS": "mainapp.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "mainapp.api.errors.exception_response",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    # A key of its own, and long enough, whatever SECRET_KEY is.
    "SIGNING_KEY": sha256(f"tokens {SECRET_KEY}".encode()).hexdigest(),
    "CHECK_REVOKE_TOKEN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pregão",
    "DESCRIPTION": "Times are ISO 8601 in UTC, money and percent are decimal strings.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PATH_CONVERTER_OVERRIDES": {"key": "int"},
    "ENUM_NAME_OVERRIDES": {"PeriodEnum": "mainapp.accounts.models.Preferences.Period"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mainapp.api.schema.declare_errors",
    ],
}

# Language and time -----------------------------------------------------------------------------

LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", "Português"), ("en", "English")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "America/Sao_Paulo"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# E-mail ----------------------------------------------------------------------------------------

EMAIL_HOST = env.str("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = DATA_DIR / "mail"
# Pages write into the outbox; a worker sends what stands there by the other one.
EMAIL_BACKEND = "mainapp.notifications.backends.OutboxBackend"
DELIVERY_EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
)
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Pregão <pregao@localhost>")

# For /metrics, beside the loopback's own requests.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# Files -----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS: list[Any] = [
    BASE_DIR / "static",
    *(
        (prefix, folder)
        for prefix, folder in (
            ("vendor/tabler", BASE_DIR / "node_modules/@tabler/core/dist"),
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
    "vendor/tabler/css/tabler.min.css",
    "vendor/tabler/css/tabler.min.css.map",
    "vendor/tabler/js/tabler.min.js",
    "vendor/tabler/js/tabler.min.js.map",
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
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "mainapp.core.storage.ModuleStaticFilesStorage"
    },
}

# Security --------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "mainapp.pages.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"
# What lightweight-charts 5.2.1 injects as a <style> for its attribution; a test holds it.
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

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "yfinance": {"level": "CRITICAL"},
    },
}
