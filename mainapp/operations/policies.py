"""Permissions of the dashboard, health, metrics, audit, reports and quotas; limits of reports."""

from datetime import timedelta

from django.utils.translation import gettext_noop as _

from mainapp.core.limits import DAY_S
from mainapp.core.limits.quotas import Quota
from mainapp.core.policies import (
    ADMIN,
    EVERYONE,
    FORBIDDEN,
    MEMBERS,
    OWNER,
    Area,
    Socket,
    action,
    form,
    operation,
    page,
)

NEW_REPORTS = Quota(name="reports", label=_("relatórios"), seed="REPORTS_A_DAY", window_s=DAY_S)
MAX_OPEN = 3  # per user
MAX_RUNNING = 2  # at a time, in all workers together: their threads have other work too
KEPT = timedelta(days=7)
MAX_TRIES = 5
LEASE = timedelta(seconds=30)
SLICE_S = 20.0  # per task; a longer report is queued again, behind other work
BATCH = 2000  # rows per batch

PAGES = {
    "healthz": page(EVERYONE),
    "readyz": page(EVERYONE),
    # The view checks token and address; the policy tests send from this machine.
    "metrics": page(EVERYONE),
    "dashboard": page(ADMIN, member=FORBIDDEN),
    "audit": page(ADMIN, member=FORBIDDEN),
    "audit-export": page(ADMIN, member=FORBIDDEN),
    "usage": page(MEMBERS),
    "reports": form(MEMBERS),
    "cancel-report": action(OWNER, of="report"),
    "delete-report": form(OWNER, of="report"),
    "download-report": page(OWNER, of="report"),
}

OPERATIONS = {
    # The view checks that the user manages the club.
    "api-usage": operation(Area.ACCOUNT, get=MEMBERS),
    "api-reports": operation(Area.REPORTS, get=MEMBERS, post=MEMBERS),
    "api-report": operation(Area.REPORTS, get=OWNER, delete=OWNER),
    "api-cancel-report": operation(Area.REPORTS, post=OWNER),
    "api-download-report": operation(Area.REPORTS, get=OWNER),
}

# `ws/dashboard/` is accepted and then closed with 4403 for everybody but admins.
REFUSED = 4403
SOCKET = Socket(opens=ADMIN, frames={"ping": ADMIN}, refusal=REFUSED)
