"""URLs of uploads."""

from django.urls import path

from mainapp.uploads import views

urlpatterns = [
    path("uploads/<key:pk>/", views.file, name="upload-file"),
    path("uploads/<key:pk>/<key:size>/", views.thumbnail, name="upload-thumbnail"),
]
