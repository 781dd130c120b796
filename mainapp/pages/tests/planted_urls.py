"""The project's URLs, and two without a policy, one of them beside the admin's."""

from django.http import HttpResponse
from django.urls import path

from project.urls import urlpatterns as project_urlpatterns

urlpatterns = [
    path("admin/planted/", lambda request: HttpResponse("reached"), name="planted-beside-admin"),
    *project_urlpatterns,
    path("planted/", lambda request: HttpResponse("reached"), name="planted"),
]
