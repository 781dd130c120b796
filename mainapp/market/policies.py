"""How much one person may ask for."""

from django.utils.translation import gettext_noop as _

from mainapp.core.limits import CLOSED, Limit

SYMBOL_LIMIT_ANONYMOUS = 30
SYMBOL_LIMIT_USER = 200
# Closed: without Redis a message reaches nobody anyway.
CHAT = Limit("chat", 5, 10.0, _("Mensagens demais; espere um pouco."), without_redis=CLOSED)


def symbol_limit(*, is_authenticated: bool) -> int:
    """Return how many symbols a person may follow at once."""
    return SYMBOL_LIMIT_USER if is_authenticated else SYMBOL_LIMIT_ANONYMOUS
