"""URLs of health, metrics and quotas."""

from django.urls import path

from mainapp.operations.views.health import healthz, readyz
from mainapp.operations.views.metrics import metrics
from mainapp.operations.views.usage import usage

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("uso/", usage, name="usage"),
]
