"""Metrics, traces and logs, with the values that logs hide."""

from mainapp.core.redis_address import parse_redis_url
from project.environment import env
from project.observing import read_otlp_endpoint, read_sentry_dsn
from project.settings.stores import DATABASES, REDIS_URL

# Required from other machines for /metrics; loopback needs no token.
METRICS_TOKEN = env.secret("METRICS_TOKEN")
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
