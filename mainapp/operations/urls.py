"""URLs of health, metrics and the audit."""

from django.urls import path

from mainapp.operations.views.audit import audit, export
from mainapp.operations.views.health import healthz, readyz
from mainapp.operations.views.metrics import metrics

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("auditoria/", audit, name="audit"),
    path("auditoria/exportar/", export, name="audit-export"),
]
