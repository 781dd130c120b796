"""The kinds of quotes, which never mix: a run reads and writes rows of its own kind only."""

from typing import Literal, get_args

QuoteKind = Literal["real", "simulated", "replay"]
QUOTE_KINDS: tuple[QuoteKind, ...] = get_args(QuoteKind)


def kind_of_source(source: str) -> QuoteKind:
    """Return the kind of a source's quotes."""
    if source == "simulated":
        return "simulated"
    return "replay" if source == "replay" else "real"
