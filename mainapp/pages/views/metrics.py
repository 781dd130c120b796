"""Metrics for Prometheus, for whoever brings the token or asks from this machine."""

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from secrets import compare_digest

import redis
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from mainapp.pages.board import meter
from mainapp.pages.selectors.metrics import metrics as families

# A proxy on this machine asks from the loopback for anybody, and says so by one of these.
PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


class _Read(Collector):
    """Reads everything when it is collected, nothing before."""

    def collect(self) -> Iterable[Metric]:
        return families(at=timezone.now())

    def describe(self) -> Iterable[Metric]:
        return []


_registry = CollectorRegistry()
_registry.register(_Read())


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_brings_token(request) or _is_from_here(request)):
        raise Http404
    with suppress(redis.RedisError):  # `pregao_up` tells it
        meter().lease()
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)


def _brings_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and compare_digest(given.encode(), expected.encode())


def _is_from_here(request: HttpRequest) -> bool:
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
