import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.core.cache import cache as default_cache

from mainapp.core import cache as module
from mainapp.core.cache import MAX_CONNECTIONS, SharedCache, _pool
from mainapp.core.redis import client, key


@pytest.fixture(autouse=True)
def _no_outage(monkeypatch):
    monkeypatch.setattr(module._Outage, "until", 0.0)


@pytest.fixture
def silent_redis():
    """Return the URL of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_processes_share_one_cache():
    default_cache.set("key", {"a": 1}, 60)

    assert SharedCache(settings.REDIS_URL, {"KEY_PREFIX": key("cache")}).get("key") == {"a": 1}


def test_threads_share_one_bounded_pool():
    def read(_):
        return default_cache.get("key")

    default_cache.set("key", 1)
    with ThreadPoolExecutor(40) as threads:
        assert list(threads.map(read, range(400))) == [1] * 400

    pool = _pool(settings.REDIS_URL)
    assert 1 <= len(pool._connections) <= MAX_CONNECTIONS


def call_every_method(cache):
    return [
        cache.add("key", 1),
        cache.get("key", "default"),
        cache.set("key", 1),
        cache.touch("key"),
        cache.delete("key"),
        cache.get_many(["key"]),
        cache.has_key("key"),
        cache.set_many({"key": 1}),
        cache.delete_many(["key"]),
        cache.clear(),
        cache.get_or_set("key", lambda: 7),
    ]


EMPTY = [True, "default", None, False, False, {}, False, [], None, False, 7]


def test_cache_without_redis_is_empty(tmp_path, caplog):
    cache = SharedCache(f"unix://{tmp_path}/none.sock", {})

    with caplog.at_level(logging.WARNING):
        assert call_every_method(cache) == EMPTY
        with pytest.raises(ValueError, match="unavailable"):
            cache.incr("key")

    assert len(caplog.records) == 1


def test_hanging_redis_delays_nobody_for_a_second(silent_redis):
    started = time.monotonic()

    assert call_every_method(SharedCache(silent_redis, {})) == EMPTY
    assert time.monotonic() - started < 1


def test_redis_is_tried_again_after_the_pause(tmp_path, monkeypatch):
    SharedCache(f"unix://{tmp_path}/none.sock", {}).get("key")
    monkeypatch.setattr(module._Outage, "until", time.monotonic())

    default_cache.set("key", 1)
    assert default_cache.get("key") == 1


def test_clearing_the_cache_leaves_the_rest_of_the_database():
    default_cache.set("key", 1)
    client().set(key("board"), "quotes")

    default_cache.clear()

    assert default_cache.get("key") is None
    assert client().get(key("board")) == b"quotes"
