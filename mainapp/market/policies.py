"""How much one person may ask for."""

SYMBOL_LIMIT_ANONYMOUS = 30
SYMBOL_LIMIT_USER = 200


def symbol_limit(*, is_authenticated: bool) -> int:
    """Return how many symbols a person may follow at once."""
    return SYMBOL_LIMIT_USER if is_authenticated else SYMBOL_LIMIT_ANONYMOUS
