"""Celery and its beat."""

from mainapp.core import redis as core_redis
from project.environment import env
from project.settings.stores import REDIS_PREFIX, REDIS_URL

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
