"""The text of one operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of one operation.

    `body` is an example of the request, `answer` has the fields of the response that differ from
    the general example values, and `errors` are codes that other operations do not return.
    """

    summary: str
    description: str
    body: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
