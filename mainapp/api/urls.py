"""Every operation of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from mainapp.api.views import accounts, index, market

V1 = "api/v1/"

urlpatterns = [
    path(V1, index.IndexView.as_view(), name="api-index"),
    path(f"{V1}accounts/register/", accounts.RegisterView.as_view(), name="api-register"),
    path(f"{V1}accounts/login/", accounts.LoginView.as_view(), name="api-login"),
    path(f"{V1}accounts/token/", accounts.LoginView.as_view(), name="api-token"),
    path(f"{V1}accounts/refresh/", accounts.RefreshView.as_view(), name="api-refresh"),
    path(f"{V1}accounts/token/refresh/", accounts.RefreshView.as_view(), name="api-token-refresh"),
    path(f"{V1}accounts/logout/", accounts.LogoutView.as_view(), name="api-logout"),
    path(f"{V1}accounts/user/", accounts.UserView.as_view(), name="api-user"),
    path(f"{V1}stocks/", market.StocksView.as_view(), name="api-stocks"),
    path(f"{V1}stocks/<str:symbol>/", market.StockView.as_view(), name="api-stock"),
    path(f"{V1}quotes/", market.QuotesView.as_view(), name="api-quotes"),
    path(f"{V1}candles/<str:symbol>/", market.CandlesView.as_view(), name="api-candles"),
    path(f"{V1}sources/", market.SourcesView.as_view(), name="api-sources"),
    path("api/schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
]
