"""Permissions of the pages and operations of alerts, and the limit of alerts per user."""

from mainapp.core.policies import EVERYONE, MEMBERS, OWNER, UNAUTHORIZED, Page, action, form, page

ALERT_LIMIT = 200


PAGES = {
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
    "api-alerts": {"get": MEMBERS, "post": MEMBERS},
    "api-create-alert": {"post": MEMBERS},
    "api-delete-alerts": {"post": MEMBERS, "delete": MEMBERS},
    "api-delete-alert": {"delete": OWNER},
    "api-alert": {"get": OWNER, "put": OWNER, "patch": OWNER, "delete": OWNER},
    "api-firings": {"get": OWNER},
    "api-pause-alert": {"post": OWNER},
    "api-resume-alert": {"post": OWNER},
}
