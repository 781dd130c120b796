"""What a person is told of a refusal."""

from math import ceil

from django.utils.translation import ngettext

from mainapp.core.exceptions import DomainError


def told(refused: DomainError) -> str:
    """Return a refusal as a sentence; one that passes says when."""
    wait_s = refused.extra.get("retry_after_s")
    if wait_s is None:
        return str(refused.detail)
    seconds = ceil(wait_s)
    again = ngettext("Tente em %(n)s segundo.", "Tente em %(n)s segundos.", seconds)
    return f"{refused.detail} {again % {'n': seconds}}"
