"""Permissions of the pages that combine features, and of the general pages of a site."""

from django.conf import settings

from mainapp.core.policies import EVERYONE, MEMBERS, OWNER, Page, action, form, page

PAGES = {
    "home": page(EVERYONE),
    "welcome": form(MEMBERS),
    "welcome-channels": form(MEMBERS),
    "privacy": page(EVERYONE),
    "buscar": page(EVERYONE),
    "favicon": page(EVERYONE),
    "manifest": page(EVERYONE),
    "service-worker": page(EVERYONE),
    "offline": page(EVERYONE),
    "robots": page(EVERYONE),
    "javascript-catalog": page(EVERYONE),
    "set_language": action(EVERYONE),
    "api-docs": page(EVERYONE),
    "api-schema": Page(methods={"GET": EVERYONE, "HEAD": EVERYONE}, takes_foreign_posts=True),
    "user-profile": page(EVERYONE, of="user"),
    "update-profile": form(MEMBERS),
    "blocked-people": page(MEMBERS),
    # Nobody blocks themselves.
    "block-user": form(MEMBERS & ~OWNER, of="user"),
    "unblock-user": action(MEMBERS & ~OWNER, of="user", login_next="user-profile"),
    "preferences": action(MEMBERS, login_next="home"),
    "update-picture": action(MEMBERS),
    "picture-state": page(MEMBERS),
    "remove-picture": form(MEMBERS),
    "export-data": action(MEMBERS),
    "delete-account": form(MEMBERS),
    "avatar": page(EVERYONE, of="avatar"),
}
if settings.STYLE_GUIDE:
    PAGES["style-guide"] = page(EVERYONE)
