"""The project's URLs, and one without a policy."""

from django.http import HttpResponse
from django.urls import path

from project.urls import urlpatterns as project_urlpatterns

urlpatterns = [
    *project_urlpatterns,
    path("planted/", lambda request: HttpResponse("reached"), name="planted"),
]
