"""Permissions of the addresses for the people and machines that watch an instance."""

from mainapp.core.policies import ADMIN, EVERYONE, FORBIDDEN, page

PAGES = {
    "healthz": page(EVERYONE),
    "readyz": page(EVERYONE),
    # The view checks token and address; the policy tests send from this machine.
    "metrics": page(EVERYONE),
    "audit": page(ADMIN, member=FORBIDDEN),
    "audit-export": page(ADMIN, member=FORBIDDEN),
}
