"""The database and Redis."""

from typing import Any

from mainapp.core import redis as core_redis
from mainapp.core.redis_address import parse_redis_url
from project.database_url import sqlite_settings
from project.environment import env
from project.settings.process import DATA_DIR

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
