"""The project's URLs and three without a policy: one next to the admin's, one with a known name."""

from django.http import HttpResponse
from django.urls import path

from project.urls import urlpatterns as project_urlpatterns

urlpatterns = [
    path("admin/planted/", lambda request: HttpResponse("reached"), name="planted-beside-admin"),
    *project_urlpatterns,
    path("planted/", lambda request: HttpResponse("reached"), name="planted"),
    path("renamed/", lambda request: HttpResponse("reached"), name="sources"),
]
