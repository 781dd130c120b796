"""Errors of the domain: raised by services, translated where a person or a client is told."""

from typing import Any


class DomainError(Exception):
    """Something that a caller asked for and may not or cannot have.

    `code` is one of CONTRACTS' error codes; `detail` is a translatable sentence for the reader.
    """

    code = "invalid"

    def __init__(self, detail: Any = "", **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra
