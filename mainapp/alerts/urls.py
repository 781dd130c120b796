"""The pages of alerts."""

from django.urls import path

from mainapp.alerts.views import actions, club, editing
from mainapp.alerts.views.alerts import alert_history, alerts
from mainapp.alerts.views.marks import alert_marks
from mainapp.alerts.views.unsubscribe import unsubscribe

urlpatterns = [
    path("clube/<slug:slug>/alertas/", club.club_alerts, name="club-alerts"),
    path("clube/<slug:slug>/alertas/compartilhar/", club.share, name="share-alert"),
    path("clube/<slug:slug>/alertas/<key:pk>/receber/", club.receive, name="receive-club-alert"),
    path("clube/<slug:slug>/alertas/<key:pk>/retirar/", club.unshare, name="unshare-alert"),
    path("alerts/", alerts, name="alerts"),
    path("alerts/marks", alert_marks, name="alert-marks"),
    path("alerts/preview/", editing.preview_alert, name="preview-alert"),
    path("alerts/<key:pk>/", alert_history, name="alert-history"),
    path("create-alert/", editing.create_alert, name="create-alert"),
    path("update-alert/<key:pk>/", editing.update_alert, name="update-alert"),
    path("delete-alert/<key:pk>/", actions.delete_alert, name="delete-alert"),
    path("delete-alerts/", actions.delete_alerts, name="delete-alerts"),
    path("pause-alert/<key:pk>/", actions.pause_alert, name="pause-alert"),
    path("resume-alert/<key:pk>/", actions.resume_alert, name="resume-alert"),
    path("alerts/unsubscribe/<str:token>/", unsubscribe, name="unsubscribe-alert"),
]
