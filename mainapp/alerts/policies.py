"""Permissions of the pages and operations of alerts, and the limit of alerts per user."""

from mainapp.clubs.policies import OF_MEMBERS
from mainapp.core.policies import (
    EVERYONE,
    MEMBERS,
    OWNER,
    UNAUTHORIZED,
    Area,
    Page,
    action,
    form,
    operation,
    page,
)

ALERT_LIMIT = 200
SHARED_LIMIT = 100  # of one club


PAGES = {
    "club-alerts": page(OF_MEMBERS, of="club"),
    "share-alert": action(OF_MEMBERS, of="club"),
    "receive-club-alert": action(OF_MEMBERS, of="shared alert"),
    "unshare-alert": action(OF_MEMBERS, of="shared alert"),
    "alerts": page(MEMBERS),
    "alert-marks": page(MEMBERS, stranger=UNAUTHORIZED),
    "preview-alert": action(MEMBERS),
    "alert-history": page(OWNER, of="alert"),
    "create-alert": form(MEMBERS),
    "update-alert": form(OWNER, of="alert"),
    "delete-alert": form(OWNER, of="alert"),
    "delete-alerts": form(MEMBERS),
    "pause-alert": action(OWNER, of="alert"),
    "resume-alert": action(OWNER, of="alert"),
    "unsubscribe-alert": Page(
        methods={"GET": EVERYONE, "HEAD": EVERYONE, "POST": EVERYONE},
        of="alert link",
        takes_foreign_posts=True,
    ),
}

OPERATIONS = {
    # Only members; who may take a shared alert out is checked by the service.
    "api-club-alerts": operation(Area.ALERTS, get=OWNER, post=OWNER),
    "api-shared-alert": operation(Area.ALERTS, delete=OWNER),
    "api-receive-shared-alert": operation(Area.ALERTS, post=OWNER, delete=OWNER),
    "api-alerts": operation(Area.ALERTS, get=MEMBERS, post=MEMBERS),
    "api-create-alert": operation(Area.ALERTS, post=MEMBERS),
    "api-delete-alerts": operation(Area.ALERTS, post=MEMBERS, delete=MEMBERS),
    "api-delete-alert": operation(Area.ALERTS, delete=OWNER),
    "api-alert": operation(Area.ALERTS, get=OWNER, put=OWNER, patch=OWNER, delete=OWNER),
    "api-firings": operation(Area.ALERTS, get=OWNER),
    "api-pause-alert": operation(Area.ALERTS, post=OWNER),
    "api-resume-alert": operation(Area.ALERTS, post=OWNER),
}
