"""URLs of moderation."""

from django.urls import path

from mainapp.moderation import views

urlpatterns = [
    path("denuncias/", views.queue_page, name="complaints"),
    path("denuncias/registro/", views.log, name="moderation-log"),
    path("denuncia/<key:pk>/", views.case_page, name="complaint"),
    path("denuncia/<key:pk>/copia/", views.copy, name="complaint-copy"),
    path("report-message/<key:pk>/", views.report, {"kind": "message"}, name="report-message"),
    path("report-file/<key:pk>/", views.report, {"kind": "file"}, name="report-file"),
    path("report-profile/<key:pk>/", views.report, {"kind": "profile"}, name="report-profile"),
    path("report-event/<key:pk>/", views.report, {"kind": "event"}, name="report-event"),
    path("suspend-user/<key:pk>/", views.suspension, name="suspend-user"),
]
