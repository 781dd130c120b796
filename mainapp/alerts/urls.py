"""The pages of alerts."""

from django.urls import path

from mainapp.alerts.views.alerts import alerts
from mainapp.alerts.views.unsubscribe import unsubscribe

urlpatterns = [
    path("alerts/", alerts, name="alerts"),
    path("alerts/unsubscribe/<str:token>/", unsubscribe, name="unsubscribe-alert"),
]
