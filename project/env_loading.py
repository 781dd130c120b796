"""Adds the variables of `.env`, and those by other services' names, to the environment."""

import os
from pathlib import Path
from urllib.parse import quote

from project.env_file import read_env_file
from project.environment import BASE_DIR, Refusal, env, refusal


def load_env_file(path: Path = BASE_DIR / ".env") -> None:
    """Add the variables of a file that the environment does not define. Raises: Refusal."""
    try:
        variables = read_env_file(path)
    except ValueError as error:
        raise Refusal(str(error)) from None
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    adopt_other_names()


def adopt_other_names() -> None:
    """Move the names that other services use to ours, where ours are not given. Raises: Refusal.

    The variables are removed: Celery prefers CELERY_BROKER_URL to its settings.
    """
    names = ("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_DB_PASSWORD")
    if any(env.text(name) for name in names) and not env.text("DATABASE_URL"):
        os.environ["DATABASE_URL"] = _postgresql_url()
    broker = env.redis_url("CELERY_BROKER_URL")
    if broker and not env.text("REDIS_URL"):
        os.environ["REDIS_URL"] = broker
    if broker and env.text("REDIS_URL") == broker:
        del os.environ["CELERY_BROKER_URL"]


def _postgresql_url() -> str:
    name = env.text("POSTGRES_DB")
    if not name:
        raise refusal("POSTGRES_DB", "is missing beside POSTGRES_USER or POSTGRES_DB_PASSWORD")
    user, password, name = (
        quote(text, safe="")
        for text in (
            env.text("POSTGRES_USER", "postgres"), env.secret("POSTGRES_DB_PASSWORD"), name
        )
    )  # fmt: skip
    port = env.port("POSTGRES_PORT", default=5432)
    if (folder := env.text("POSTGRES_HOST")).startswith("/"):  # of a unix socket, as in libpq
        return f"postgresql://{user}:{password}@/{name}?host={quote(folder, safe='/')}&port={port}"
    host = env.host("POSTGRES_HOST", "localhost")
    shown_host = f"[{host}]" if ":" in host else host
    return f"postgresql://{user}:{password}@{shown_host}:{port}/{name}"
