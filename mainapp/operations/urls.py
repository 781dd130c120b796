"""URLs of the dashboard, health, metrics, audit, reports and quotas."""

from django.urls import path

from mainapp.operations.views import reports
from mainapp.operations.views.audit import audit, export
from mainapp.operations.views.dashboard import dashboard
from mainapp.operations.views.health import healthz, readyz
from mainapp.operations.views.metrics import metrics
from mainapp.operations.views.usage import usage

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("painel/", dashboard, name="dashboard"),
    path("relatorios/", reports.reports, name="reports"),
    path("relatorios/<key:pk>/cancel/", reports.cancel, name="cancel-report"),
    path("relatorios/<key:pk>/delete/", reports.delete, name="delete-report"),
    path("relatorios/<key:pk>/download/", reports.download, name="download-report"),
    path("auditoria/", audit, name="audit"),
    path("auditoria/exportar/", export, name="audit-export"),
    path("uso/", usage, name="usage"),
]
