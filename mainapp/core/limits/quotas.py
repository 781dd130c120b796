"""Kinds of quotas: what the users and clubs of a plan may do in a time, or have at once."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext

USER, CLUB = "user", "club"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A kind of quota, declared once beside the code that it protects.

    `seed` is the limit, or the name of the setting with the limit, of a default plan without a rule
    of its own. `label` names the counted things, marked with `gettext_noop`. A kind with `held`,
    the model of a club's rows, limits the number of these rows at once; it has no window, and no
    rule allows more than `most`.
    """

    name: str
    label: str
    seed: int | str
    window_s: float | None = None
    of: str = USER
    held: str = ""
    most: int | None = None

    def __post_init__(self) -> None:
        if _quotas.setdefault(self.name, self) != self:
            raise ValueError(f"there are two kinds of quotas named {self.name}")

    @property
    def seeded_limit(self) -> int:
        limit: int = getattr(settings, self.seed) if isinstance(self.seed, str) else self.seed
        return limit

    @property
    def translated_label(self) -> Any:
        """The label in the language of the reader."""
        return _translated(self.label)


_quotas: dict[str, Quota] = {}
_translated = lazy(gettext, str)


def quota_kinds() -> dict[str, Quota]:
    """Return all kinds by name; they are complete once the features are ready."""
    return dict(sorted(_quotas.items()))
