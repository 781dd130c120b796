"""URLs of the notification pages."""

from django.urls import URLPattern, path

from mainapp.notifications.views import broadcasts, channels, devices, inbox, mail_log, news

CHANNELS = "notifications/channels/"
CAMPAIGNS = "notifications/broadcasts/"

urlpatterns: list[URLPattern] = [
    path("notifications/", inbox.notifications, name="notifications"),
    path("notifications/latest/", inbox.latest_notifications, name="latest-notifications"),
    path("notifications/read/", inbox.read_all, name="read-notifications"),
    path("notifications/delete/", inbox.delete_all, name="delete-notifications"),
    path("notifications/<key:pk>/read/", inbox.read_notification, name="read-notification"),
    path("notifications/<key:pk>/delete/", inbox.delete_notification, name="delete-notification"),
    path("notifications/deliveries/", inbox.deliveries, name="notification-deliveries"),
    path(CAMPAIGNS, broadcasts.broadcasts, name="broadcasts"),
    path(f"{CAMPAIGNS}<key:pk>/", broadcasts.campaign, name="campaign"),
    path(f"{CAMPAIGNS}<key:pk>/progress/", broadcasts.progress, name="campaign-progress"),
    path(
        f"{CAMPAIGNS}<key:pk>/preview/<str:language>/", broadcasts.preview, name="preview-campaign"
    ),
    path(f"{CAMPAIGNS}<key:pk>/test/", broadcasts.test, name="test-campaign"),
    path(f"{CAMPAIGNS}<key:pk>/send/", broadcasts.send, name="send-campaign"),
    path(f"{CAMPAIGNS}<key:pk>/cancel/", broadcasts.cancel, name="cancel-campaign"),
    path("notifications/mails/", mail_log.mail_log, name="mail-log"),
    path("notifications/mails/<key:pk>/retry/", mail_log.retry, name="retry-mail"),
    path("notifications/news/<str:token>/", news.unsubscribe, name="unsubscribe-news"),
    path(CHANNELS, channels.channels, name="notification-channels"),
    path(f"{CHANNELS}account/", channels.switch_account_mail, name="switch-account-mail"),
    path(f"{CHANNELS}confirm/<str:key>/", channels.confirm, name="confirm-channel"),
    path(f"{CHANNELS}this-device/", devices.this_device, name="this-device"),
    path(f"{CHANNELS}<key:pk>/", channels.channel, name="notification-channel"),
    path(f"{CHANNELS}<key:pk>/verify/", channels.verify, name="verify-channel"),
    path(f"{CHANNELS}<key:pk>/test/", channels.test, name="test-channel"),
    path(f"{CHANNELS}<key:pk>/switch/", channels.switch, name="switch-channel"),
    path(f"{CHANNELS}<key:pk>/device/", devices.edit_device, name="edit-device"),
    path(f"{CHANNELS}<key:pk>/delete/", channels.delete, name="delete-channel"),
]
