"""Every operation of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from mainapp.api.schema.generator import CachedGenerator
from mainapp.api.views import (
    accounts,
    alerts,
    chats,
    complaints,
    docs,
    forum,
    index,
    key_pages,
    keys,
    market,
    notifications,
    portfolio,
    presence,
    tickets,
    uploads,
)

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
    path(f"{V1}alerts/", alerts.AlertsView.as_view(), name="api-alerts"),
    path(f"{V1}alerts/create/", alerts.CreateAlertView.as_view(), name="api-create-alert"),
    path(f"{V1}alerts/delete_all/", alerts.DeleteAlertsView.as_view(), name="api-delete-alerts"),
    path(f"{V1}alerts/delete/<key:pk>/", alerts.DeleteAlertView.as_view(), name="api-delete-alert"),
    path(f"{V1}alerts/<key:pk>/", alerts.AlertView.as_view(), name="api-alert"),
    path(f"{V1}alerts/<key:pk>/firings/", alerts.FiringsView.as_view(), name="api-firings"),
    path(f"{V1}alerts/<key:pk>/pause/", alerts.PauseAlertView.as_view(), name="api-pause-alert"),
    path(f"{V1}alerts/<key:pk>/resume/", alerts.ResumeAlertView.as_view(), name="api-resume-alert"),
    path(f"{V1}carteira/", portfolio.CarteiraView.as_view(), name="api-carteira"),
    path(
        f"{V1}clubs/<slug:slug>/carteira/",
        portfolio.ClubCarteiraView.as_view(),
        name="api-club-carteira",
    ),
    path(f"{V1}carteira/<key:pk>/", portfolio.HoldingView.as_view(), name="api-holding"),
    path(f"{V1}rooms/", forum.RoomsView.as_view(), name="api-rooms"),
    path(f"{V1}rooms/<key:pk>/messages/", forum.MessagesView.as_view(), name="api-messages"),
    path(f"{V1}rooms/<key:pk>/read/", chats.ReadRoomView.as_view(), name="api-read-room"),
    path(f"{V1}rooms/<key:pk>/mute/", chats.MuteRoomView.as_view(), name="api-mute-room"),
    path(
        f"{V1}rooms/<key:pk>/messages/<key:seq>/reactions/",
        chats.ReactionsView.as_view(),
        name="api-reactions",
    ),
    path(f"{V1}chats/", chats.ChatsView.as_view(), name="api-chats"),
    path(f"{V1}chats/<key:pk>/", chats.ChatView.as_view(), name="api-chat"),
    path(f"{V1}chats/<key:pk>/leave/", chats.LeaveChatView.as_view(), name="api-leave-chat"),
    path(
        f"{V1}chats/<key:pk>/participants/",
        chats.ParticipantsView.as_view(),
        name="api-add-to-chat",
    ),
    path(
        f"{V1}chats/<key:pk>/participants/<key:user_pk>/",
        chats.ParticipantView.as_view(),
        name="api-chat-participant",
    ),
    path(f"{V1}message/rooms/", chats.ChatsView.as_view(), name="api-message-rooms"),
    path(f"{V1}message/messages/send/", forum.SendView.as_view(), name="api-send-message"),
    path(f"{V1}uploads/", uploads.UploadsView.as_view(), name="api-uploads"),
    path(f"{V1}uploads/<key:pk>/", uploads.UploadView.as_view(), name="api-upload"),
    path(f"{V1}complaints/", complaints.ComplaintsView.as_view(), name="api-complaints"),
    path(f"{V1}online-users/", presence.OnlineUsersView.as_view(), name="api-online-users"),
    path(f"{V1}blocks/", chats.BlocksView.as_view(), name="api-blocks"),
    path(f"{V1}blocks/<key:pk>/", chats.BlockView.as_view(), name="api-block"),
    path(
        f"{V1}notifications/", notifications.NotificationsView.as_view(), name="api-notifications"
    ),
    path(
        f"{V1}notifications/<key:pk>/",
        notifications.NotificationView.as_view(),
        name="api-notification",
    ),
    path(
        f"{V1}notifications/<key:pk>/mark-as-read/",
        notifications.ReadNotificationView.as_view(),
        name="api-read-notification",
    ),
    path(f"{V1}keys/", keys.KeysView.as_view(), name="api-keys"),
    path(f"{V1}keys/<key:pk>/", keys.KeyView.as_view(), name="api-key"),
    path(f"{V1}ws-ticket/", tickets.TicketView.as_view(), name="api-ticket"),
    path(
        "api/schema/",
        SpectacularJSONAPIView.as_view(generator_class=CachedGenerator),
        name="api-schema",
    ),
    path("api/docs/", docs.docs, name="api-docs"),
    path("keys/", key_pages.keys, name="keys"),
    path("keys/<key:pk>/revoke/", key_pages.revoke, name="revoke-key"),
]
