"""Permissions of health, metrics and quotas."""

from mainapp.core.policies import EVERYONE, MEMBERS, Area, operation, page

PAGES = {
    "healthz": page(EVERYONE),
    "readyz": page(EVERYONE),
    # The view checks token and address; the policy tests send from this machine.
    "metrics": page(EVERYONE),
    "usage": page(MEMBERS),
}

# The view checks that the user manages the club.
OPERATIONS = {"api-usage": operation(Area.ACCOUNT, get=MEMBERS)}
