"""Permissions of the portfolio's pages and operations, and limits of its rows and files."""

from django.utils.translation import gettext_noop as _

from mainapp.clubs.policies import OF_MEMBERS
from mainapp.core.limits import DAY_S, Quota
from mainapp.core.policies import MEMBERS, OWNER, Area, action, form, operation, page

MAX_ROWS = 500
MAX_NOTA = 10
# Files to import. Counted before they are read, which is the expensive part.
IMPORTS = Quota(
    name="imports", label=_("importações da carteira"), seed="IMPORTS_A_DAY", window_s=DAY_S
)
MAX_FILE_ROWS = 5000
MAX_FILE_BYTES = 2 * 1024 * 1024
# Of an imported file; the remaining ones are only counted.
MAX_FAULTS_SHOWN = 100


PAGES = {
    "carteira": page(MEMBERS),
    "carteira-view": action(MEMBERS),
    "club-carteira": page(OF_MEMBERS, of="club"),
    "create-carteira": form(MEMBERS),
    "update-carteira": form(OWNER, of="holding"),
    "trade-carteira": action(OWNER, of="holding"),
    "delete-carteira": form(OWNER, of="holding"),
    "import-carteira": form(MEMBERS),
    "confirm-import-carteira": action(MEMBERS),
    "export-carteira": page(MEMBERS),
}

OPERATIONS = {
    "api-carteira": operation(Area.CARTEIRA, get=MEMBERS, post=MEMBERS),
    "api-club-carteira": operation(Area.CARTEIRA, get=OWNER),
    "api-holding": operation(Area.CARTEIRA, get=OWNER, patch=OWNER, delete=OWNER),
}
