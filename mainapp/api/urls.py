"""Every operation of the API."""

from django.urls import path

from mainapp.api.views import accounts

V1 = "api/v1/"

urlpatterns = [
    path(f"{V1}accounts/register/", accounts.RegisterView.as_view(), name="api-register"),
    path(f"{V1}accounts/login/", accounts.LoginView.as_view(), name="api-login"),
    path(f"{V1}accounts/token/", accounts.LoginView.as_view(), name="api-token"),
    path(f"{V1}accounts/refresh/", accounts.RefreshView.as_view(), name="api-refresh"),
    path(f"{V1}accounts/token/refresh/", accounts.RefreshView.as_view(), name="api-token-refresh"),
    path(f"{V1}accounts/logout/", accounts.LogoutView.as_view(), name="api-logout"),
    path(f"{V1}accounts/user/", accounts.UserView.as_view(), name="api-user"),
]
