"""Django settings, decided by the environment or `.env`; `.env.example` lists every variable."""

import sys
from datetime import timedelta
from typing import Any, Literal

from csp.constants import NONE, SELF

from mainapp.core import redis as core_redis
from mainapp.core.redis_address import parse_redis_url
from project.database_url import sqlite_settings
from project.environment import BASE_DIR, MIN_KEY, Refusal, env, load_env_file
from project.mail import read_mail_settings
from project.media import read_media_settings
from project.observing import read_otlp_endpoint, read_sentry_dsn
from project.site_url import own_url, read_site_url
from project.sources import SOURCES, real_sources

load_env_file()

# The process -----------------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG", default=False)
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "var")
# Processes of `project.serve`.
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", default=1, minimum=1, maximum=256)

SECRET_KEY = env.secret("SECRET_KEY") or ("only-for-debugging" if DEBUG else "")
if not SECRET_KEY:
    raise Refusal("SECRET_KEY is not set: set it to a long random value")
SECRET_KEY_FALLBACKS = env.keys("SECRET_KEY_FALLBACKS")
# The private key of web push; empty: the one in DATA_DIR, which the set-up creates.
VAPID_KEY = env.secret("VAPID_KEY")
# Encrypts the secrets of second factors; empty: the key file in DATA_DIR, which `setup` creates.
MFA_KEY = env.secret("MFA_KEY")
if MFA_KEY and (len(MFA_KEY) < MIN_KEY or "," in MFA_KEY):
    raise Refusal(f"MFA_KEY takes a key of at least {MIN_KEY} characters, without commas")
MFA_KEY_FALLBACKS = env.keys("MFA_KEY_FALLBACKS")

ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
HTTPS = env.boolean("HTTPS", default=not DEBUG)

INSTALLED_APPS = [
    # It takes a second to import (Twisted), and only `runserver` needs it.
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
    "allauth.mfa",
    "mainapp.accounts.apps.SessionListConfig",
    "django_filters",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "mainapp.core",
    "mainapp.accounts",
    "mainapp.market",
    "mainapp.notifications",
    "mainapp.uploads",
    "mainapp.moderation",
    "mainapp.clubs",
    "mainapp.alerts",
    "mainapp.portfolio",
    "mainapp.forum",
    "mainapp.ideas",
    "mainapp.agenda",
    "mainapp.operations",
    "mainapp.pages",
    "mainapp.api",
]

MIDDLEWARE = [
    "mainapp.core.request_ids.attach_request",
    "mainapp.pages.middleware.measure_responses",
    "mainapp.core.database.limit_database_time",
    "mainapp.pages.middleware.accept_any_host_from_machines",
    # Before any middleware that may respond itself, so that all responses get the headers.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "mainapp.pages.middleware.RequireHttps",
    "mainapp.pages.middleware.forbid_storing",
    "mainapp.api.middleware.accept_other_addresses",
    "mainapp.api.middleware.answer_in_json",
    "mainapp.pages.middleware.refuse_unreadable_requests",
    "mainapp.core.static_serving.StaticFiles",
    "mainapp.pages.middleware.CompressText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mainapp.pages.middleware.refuse_control_characters",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "mainapp.pages.middleware.set_log_in_cookies",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mainapp.accounts.middleware.note_second_factor",
    "mainapp.pages.middleware.limit_pages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mainapp.accounts.middleware.record_activity",
    "mainapp.pages.middleware.EnforcePagePolicies",
    "mainapp.clubs.middleware.FindClub",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["mainapp.core.templatetags.isolation"],
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
HIDE_FAILED_BLOCKS = not DEBUG  # a page is then shown without them; see core/blocks.py
STYLE_GUIDE = DEBUG  # the page /estilo/

# Stores ----------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL") or sqlite_settings(str(DATA_DIR / "pregao.sqlite3"))
}
DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # With WAL alone, 74 % of the writes of four processes failed with "database is locked".
        "transaction_mode": "IMMEDIATE",
        # Longer than any transaction of ours; requests have to end in 10 s.
        "timeout": 7,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # In memory, the threads that query for sockets would share the locks of one connection.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "tests.sqlite3"}
else:
    # Lost packets and dead hosts are noticed in about 7 s; DATABASE_URL may give other values.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 4,
        "tcp_user_timeout": 7000,
        "keepalives_idle": 4,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        **DATABASES["default"]["OPTIONS"],
        "pool": {
            "max_size": env.integer("DATABASE_POOL_SIZE", default=20, minimum=1, maximum=1000)
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_url("REDIS_URL") or "redis://127.0.0.1:6379/0"
REDIS_PREFIX = env.word("REDIS_PREFIX", core_redis.DEFAULT_PREFIX)
CHANNEL_LAYERS = core_redis.channel_layers(REDIS_URL, REDIS_PREFIX)
CACHES = core_redis.caches(REDIS_URL, REDIS_PREFIX)

# ALLOWED_PRIVATE_TARGETS allows these ports only where they are listed explicitly.
STORE_PORTS = {
    *(5432, 6379, 26379, int(DATABASES["default"].get("PORT") or 5432)),
    *(port for _host, port in parse_redis_url(REDIS_URL).hosts),
}

# Background work -------------------------------------------------------------------------------

# Celery prefers these variables to its settings: tasks would go to another Redis, or nowhere.
# CELERY_BROKER_URL alone was moved to REDIS_URL by load_env_file.
_broker_urls = ("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL", "RESULT_BACKEND")
env.refuse([f"CELERY_{name}" for name in _broker_urls], "is not used: set REDIS_URL, and remove it")
CELERY_BROKER_URL = core_redis.broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT = "project.broker.transport:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS = core_redis.broker_options(REDIS_URL, REDIS_PREFIX)
CELERY_RESULT_BACKEND = "project.broker.results:ResultBackend"
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS
CELERY_RESULT_EXPIRES = 300
# JSON only: reading a pickle can run code.
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_TIMEZONE = "America/Sao_Paulo"
# After kill -9 of a worker 10 of 40 tasks were lost, and 2 with late acknowledgement.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the default of 100 would end the worker
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # a demoted master answers READONLY
CELERY_TASK_ROUTES = {"update_stock": {"queue": "update"}}
# Anyone who can write to Redis could end the workers (`shutdown`) and discard tasks (`revoke`).
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULER = "project.scheduler:Scheduler"
# Save the time of each run at once, so that a beat that takes over repeats none.
CELERY_BEAT_SYNC_EVERY = 1

# Quotes ----------------------------------------------------------------------------------------

FMP_KEY = env.secret("FMP_KEY")
REAL_SOURCES = real_sources()
QUOTE_SOURCE = env.items("QUOTE_SOURCE", REAL_SOURCES)
QUOTE_KIND: Literal["real", "simulated", "replay"] = "real"
if QUOTE_SOURCE == ["simulated"]:
    QUOTE_KIND = "simulated"
elif QUOTE_SOURCE == ["replay"]:
    QUOTE_KIND = "replay"
ALLOW_SIMULATED = env.boolean("ALLOW_SIMULATED", default=DEBUG)
if unknown := set(QUOTE_SOURCE) - {*SOURCES, "simulated", "replay"}:
    raise Refusal(
        f"QUOTE_SOURCE names {', '.join(sorted(unknown))}; it takes {', '.join(SOURCES)}, or "
        "simulated or replay alone ('auto' only under `make run`)"
    )
if "fmp" in QUOTE_SOURCE and not FMP_KEY:
    raise Refusal(
        "QUOTE_SOURCE=fmp needs FMP_KEY, the key of an account at Financial Modeling Prep"
    )
if {"simulated", "replay"} & set(QUOTE_SOURCE) and QUOTE_KIND == "real":
    raise Refusal("QUOTE_SOURCE: real sources, 'simulated' and 'replay' never mix")
if QUOTE_KIND != "real" and not ALLOW_SIMULATED:
    raise Refusal(f"QUOTE_SOURCE={QUOTE_SOURCE[0]} needs ALLOW_SIMULATED=1")
REPLAY_DATE = env.day("REPLAY_DATE")
REPLAY_SPEED = env.number("REPLAY_SPEED", default=1.0, minimum=0.01, maximum=100_000)
if QUOTE_SOURCE == ["replay"] and REPLAY_DATE is None:
    raise Refusal("QUOTE_SOURCE=replay needs REPLAY_DATE, the day of a past session (YYYY-MM-DD)")

STREAMS = ("yahoo", "binance", "simulated")
QUOTE_STREAM = env.items("QUOTE_STREAM")
if unknown := set(QUOTE_STREAM) - set(STREAMS):
    raise Refusal(
        f"QUOTE_STREAM names {', '.join(sorted(unknown))}; it takes yahoo and binance, or "
        "simulated alone"
    )
if QUOTE_STREAM and ("simulated" if "simulated" in QUOTE_STREAM else "real") != QUOTE_KIND:
    raise Refusal(
        "QUOTE_STREAM takes simulated only with QUOTE_SOURCE=simulated, and real streams only with "
        "real sources: they never mix"
    )
if QUOTE_KIND != "real" and len(QUOTE_STREAM) > 1:
    raise Refusal("QUOTE_STREAM: real streams and 'simulated' never mix")

UPDATE_INTERVAL_S = env.integer("UPDATE_INTERVAL_S", default=10, minimum=1, maximum=3600)
SOURCE_TIMEOUT_S = env.number("SOURCE_TIMEOUT_S", default=3.0, minimum=0.1, maximum=60)
SOURCE_PROXY = env.proxy("SOURCE_PROXY")
BRAPI_URL = env.url("BRAPI_URL", "https://brapi.dev")
BRAPI_TOKEN = env.secret("BRAPI_TOKEN")
BRAPI_BATCH_SIZE = env.integer("BRAPI_BATCH_SIZE", default=20, minimum=1, maximum=10_000)
BRAPI_BUDGET_PER_MONTH = env.integer("BRAPI_BUDGET_PER_MONTH", default=15_000, minimum=1)
FMP_URL = env.url("FMP_URL", "https://financialmodelingprep.com")
FMP_BUDGET_PER_DAY = env.integer("FMP_BUDGET_PER_DAY", default=250, minimum=1)
YAHOO_URL = env.url("YAHOO_URL", "https://query1.finance.yahoo.com")
YAHOO_STREAM_URL = env.websocket_url("YAHOO_STREAM_URL", "wss://streamer.finance.yahoo.com")
BINANCE_URL = env.url("BINANCE_URL", "https://data-api.binance.vision")
BINANCE_STREAM_URL = env.websocket_url("BINANCE_STREAM_URL", "wss://data-stream.binance.vision")
BINANCE_BUDGET_PER_HOUR = env.integer("BINANCE_BUDGET_PER_HOUR", default=3_600, minimum=1)
YAHOO_BUDGET_PER_HOUR = env.integer("YAHOO_BUDGET_PER_HOUR", default=1_500, minimum=1)
YAHOO_FIN_URL = env.url("YAHOO_FIN_URL", "https://finance.yahoo.com")
SIMULATED_SEED = env.integer("SIMULATED_SEED", default=1, minimum=-(10**9))
SIMULATED_SPEED = env.number("SIMULATED_SPEED", default=1.0, minimum=0, maximum=1e6)
SIMULATED_VOLATILITY = env.number("SIMULATED_VOLATILITY", default=1.0, minimum=0, maximum=1000)
KEEP_MINUTE_CANDLES_DAYS = env.integer(
    "KEEP_MINUTE_CANDLES_DAYS", default=30, minimum=1, maximum=36_500
)
KEEP_DAILY_CANDLES_DAYS = env.integer(
    "KEEP_DAILY_CANDLES_DAYS", default=3650, minimum=1, maximum=36_500
)

# Users -----------------------------------------------------------------------------------------

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

# Without a mail server messages are written to files, so users could not verify an address.
_mail = read_mail_settings()
EMAIL_HOST = _mail.host
EMAIL_VERIFICATION = env.choice(
    "EMAIL_VERIFICATION",
    ("none", "optional", "mandatory"),
    default="mandatory" if EMAIL_HOST else "none",
)
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
ACCOUNT_SIGNUP_REDIRECT_URL = "welcome"
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_USERNAME_BLACKLIST = [
    *("admin", "administrador", "administradora", "administrator", "moderador", "moderadora"),
    *("moderator", "pregao", "root", "sistema", "suporte", "support"),
]
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # else anyone could make us mail any address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Pregão] "
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # allauth limits it to the browser that signed up
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "mainapp.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "mainapp.accounts.forms.SecondStepForm",
    "reauthenticate": "mainapp.accounts.forms.ConfirmByCodeForm",
    "activate_totp": "mainapp.accounts.forms.ActivateAppForm",
    "add_webauthn": "mainapp.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "mainapp.accounts.forms.RenamePasskeyForm",
    "authenticate_webauthn": "mainapp.accounts.forms.PasskeySecondStepForm",
    "login_webauthn": "mainapp.accounts.forms.PasskeyLogInForm",
    "reauthenticate_webauthn": "mainapp.accounts.forms.ConfirmByPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Pregão"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# allauth would also refuse a new e-mail address to accounts with a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = False  # the limits are those of `mainapp.accounts.policies`
# The domain of passkeys; empty: the host of SITE_URL. Changing it invalidates every passkey.
PASSKEY_DOMAIN = env.host("PASSKEY_DOMAIN")
ADMIN_REQUIRES_SECOND_FACTOR = env.boolean("ADMIN_REQUIRES_SECOND_FACTOR", default=False)
# In addition to allauth's defaults; log-ins are limited by AccountAdapter.authenticate.
ACCOUNT_RATE_LIMITS = {"confirm_email": "3/10m/key", "login": None, "login_failed": None}

# Limits ----------------------------------------------------------------------------------------

API_REQUESTS_A_MINUTE_ADDRESS = env.integer("API_REQUESTS_A_MINUTE_ADDRESS", default=600, minimum=1)
API_REQUESTS_A_MINUTE_USER = env.integer("API_REQUESTS_A_MINUTE_USER", default=300, minimum=1)
PAGES_A_MINUTE_ADDRESS = env.integer("PAGES_A_MINUTE_ADDRESS", default=1_200, minimum=1)
PAGES_A_MINUTE_USER = env.integer("PAGES_A_MINUTE_USER", default=300, minimum=1)
SOCKETS_A_MINUTE_ADDRESS = env.integer("SOCKETS_A_MINUTE_ADDRESS", default=1_200, minimum=1)
SOCKETS_A_MINUTE_USER = env.integer("SOCKETS_A_MINUTE_USER", default=300, minimum=1)
SOCKETS_PER_ADDRESS = env.integer("SOCKETS_PER_ADDRESS", default=1_000, minimum=1)
SOCKETS_PER_USER = env.integer("SOCKETS_PER_USER", default=100, minimum=1)
SOCKET_TOKEN_IN_URL = env.boolean("SOCKET_TOKEN_IN_URL", default=False)
# Quotas: `setup` copies them into the default plan once; from then on its rules apply.
ROOMS_A_DAY = env.integer("ROOMS_A_DAY", default=20)
CLUB_MAX_ROOMS = env.integer("CLUB_MAX_ROOMS", default=20)
CLUB_UPLOADS_A_DAY = env.integer("CLUB_UPLOADS_A_DAY", default=200)
GROUPS_A_DAY = env.integer("GROUPS_A_DAY", default=20)
CLUBS_A_DAY = env.integer("CLUBS_A_DAY", default=5)
CLUB_MAX_MEMBERS = env.integer("CLUB_MAX_MEMBERS", default=200, minimum=1)
IDEAS_A_DAY = env.integer("IDEAS_A_DAY", default=20)
UPLOADS_A_DAY = env.integer("UPLOADS_A_DAY", default=50)
PICTURES_A_DAY = env.integer("PICTURES_A_DAY", default=10)
IMPORTS_A_DAY = env.integer("IMPORTS_A_DAY", default=10)
EVENTS_A_DAY = env.integer("EVENTS_A_DAY", default=5)
REPORTS_A_DAY = env.integer("REPORTS_A_DAY", default=20)
COMPLAINTS_A_DAY = env.integer("COMPLAINTS_A_DAY", default=30)
NEW_ACCOUNT_DAYS = env.integer("NEW_ACCOUNT_DAYS", default=0)

# The API ---------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mainapp.api.authentication.Bearer",
        "mainapp.api.authentication.PersonalKey",
        "mainapp.api.authentication.SiteSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mainapp.api.formats.Json"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mainapp.api.formats.OnlyJson",
    "DEFAULT_METADATA_CLASS": "mainapp.api.formats.OperationMetadata",
    "DEFAULT_PAGINATION_CLASS": "mainapp.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "mainapp.api.schema.Schema",
    "EXCEPTION_HANDLER": "mainapp.api.errors.exception_response",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "AUTH_TOKEN_CLASSES": ["mainapp.api.tokens.Access"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pregão",
    "DESCRIPTION": (
        "Times are ISO 8601 in UTC, money and percent are decimal strings. Unknown fields of a "
        "mutation are refused. `/api/…` is the same as `/api/v1/…`, the final slash is optional, "
        "and `Authorization: Token …` the same as `Bearer …`. Of other services' addresses, "
        "`/api/register`, `/api/token`, `/api/token/refresh` and `/api/user` are accepted."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PATH_CONVERTER_OVERRIDES": {"key": int},
    "ENUM_NAME_OVERRIDES": {
        "AlertStateEnum": "mainapp.alerts.selectors.alerts.STATUSES",
        "PeriodEnum": "mainapp.accounts.models.Preferences.Period",
        "StockKindEnum": "mainapp.market.models.Stock.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mainapp.api.schema.complete",
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

EMAIL_PORT = _mail.port
EMAIL_HOST_USER = _mail.user
EMAIL_HOST_PASSWORD = _mail.password
EMAIL_SECURITY = _mail.security
# Campaign e-mails per minute, for the whole site; 0: no limit.
MAILS_A_MINUTE = env.integer("MAILS_A_MINUTE", default=0)
EMAIL_FILE_PATH = DATA_DIR / "mail"
# Pages write mail to the outbox; a worker sends it to EMAIL_HOST, or into files.
EMAIL_BACKEND = "mainapp.notifications.backends.OutboxBackend"
DEFAULT_FROM_EMAIL = _mail.sender
# The start of every link that leaves the site.
_site_url = read_site_url(CSRF_TRUSTED_ORIGINS, must_be_known=bool(EMAIL_HOST) and not DEBUG)
IS_SITE_URL_SET = bool(_site_url)
SITE_URL = _site_url or own_url()

# Servers in the site's own network that users may name as webhook, ntfy or Gotify.
ALLOWED_PRIVATE_TARGETS = env.private_targets("ALLOWED_PRIVATE_TARGETS")

# Required from other machines for /metrics; loopback needs no token.
METRICS_TOKEN = env.secret("METRICS_TOKEN")

# Files -----------------------------------------------------------------------------------------

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

# Security --------------------------------------------------------------------------------------

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

SENTRY_DSN = read_sentry_dsn()
OTEL_EXPORTER_OTLP_ENDPOINT = read_otlp_endpoint()
OTEL_SERVICE_NAME = env.text("OTEL_SERVICE_NAME")  # empty: pregao-web, pregao-worker…
# Values that logs hide wherever they occur.
_redis = parse_redis_url(REDIS_URL)
SECRETS = [
    *env.secrets,
    str(DATABASES["default"].get("PASSWORD") or ""),
    *(_redis.password or "", _redis.sentinel_password or ""),
]

# Logs ------------------------------------------------------------------------------------------

LOG_LEVEL = env.choice(
    "LOG_LEVEL", ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"), default="INFO"
)
LOG_FORMAT = env.choice("LOG_FORMAT", ("line", "json"), default="line")
# Log each request and each task, with its duration.
ACCESS_LOG = env.boolean("ACCESS_LOG", default=False)
LOGGING_CONFIG = "mainapp.core.logs.configuring.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "mainapp.core.logs.formats.LineFormatter", "secrets": SECRETS},
        "json": {"()": "mainapp.core.logs.formats.JsonFormatter", "secrets": SECRETS},
    },
    "filters": {"client_errors": {"()": "mainapp.core.logs.filters.ClientErrors"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["client_errors"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Without the handler that Django adds to it while debugging.
        "django": {"handlers": []},
        "yfinance": {"level": "CRITICAL"},
        # It logs the URL of each request to a source or a user's webhook.
        "httpx": {"level": "WARNING"},
        # It logs every rejected batch; `core.telemetry` logs the first one and counts all.
        "opentelemetry": {"level": "CRITICAL"},
    },
}
