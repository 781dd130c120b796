"""Options of the connection pools, for messages and for results."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mainapp.core.redis import CELERY_TIMEOUT_S, MAX_CONNECTIONS

REFUSALS = (redis.RedisError, OSError)


def pool_options() -> dict[str, Any]:
    return {
        "socket_timeout": CELERY_TIMEOUT_S,
        "socket_connect_timeout": CELERY_TIMEOUT_S,
        "health_check_interval": CELERY_TIMEOUT_S,
        "max_connections": MAX_CONNECTIONS,
        "retry": Retry(NoBackoff(), 0),  # kombu and `SteadyConnection` retry themselves
    }
