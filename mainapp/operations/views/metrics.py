"""Metrics for Prometheus, for requests with the token or from this machine."""

from collections.abc import Iterable
from contextlib import suppress
from secrets import compare_digest

import redis
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from mainapp.core.addresses import client_address, is_loopback
from mainapp.operations.board import meter
from mainapp.operations.selectors.metrics import metrics as families

# A proxy on this machine connects from the loopback for any client, and adds one of these.
PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


class _LiveCollector(Collector):
    """Collector that reads all values when it is scraped."""

    def collect(self) -> Iterable[Metric]:
        return families(at=timezone.now())

    def describe(self) -> Iterable[Metric]:
        return []


_registry = CollectorRegistry()
_registry.register(_LiveCollector())


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_has_token(request) or _is_local(request)):
        raise Http404
    with suppress(redis.RedisError):  # `pregao_up` shows it
        meter().publish()
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    header = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and compare_digest(header.encode(), expected.encode())


def _is_local(request: HttpRequest) -> bool:
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    return is_loopback(client_address(request))
