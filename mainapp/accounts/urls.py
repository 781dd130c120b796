"""The accounts' pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from mainapp.accounts.views import LogInView, RegisterView

urlpatterns = [
    path("login/", LogInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("register/", RegisterView.as_view(), name="register"),
]
