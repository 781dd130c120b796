"""Permissions of dashboard, health, metrics, audit, reports and quotas, and limits of reports."""

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
MAX_OPEN = 3  # of a user
MAX_RUNNING = 2  # at the same time, of all workers: the threads are needed for other work too
KEPT = timedelta(days=7)
MAX_TRIES = 5
LEASE = timedelta(seconds=30)
SLICE_S = 20.0  # of one task; a longer report is queued again, behind other work
BATCH = 2000  # rows

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

# `ws/dashboard/`: closed with 4403, after it is accepted, for everybody but admins.
REFUSED = 4403
SOCKET = Socket(opens=ADMIN, frames={"ping": ADMIN}, refusal=REFUSED)
