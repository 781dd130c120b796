"""URLs of health and metrics."""

from django.urls import path

from mainapp.operations.views.health import healthz, readyz
from mainapp.operations.views.metrics import metrics

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
