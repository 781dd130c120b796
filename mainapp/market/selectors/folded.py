"""Folding of text in the database: comparisons without case and accents, in both databases."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, Q, TextField
from django.db.models.expressions import Combinable
from django.db.models.lookups import Contains

from mainapp.market.symbols import fold

_FUNCTION = "pregao_fold"
_LATIN = [chr(code) for code in range(0xC0, 0x180)]
_PLAIN = {letter: fold(letter) for letter in _LATIN if len(fold(letter)) == 1}


class Folded(Func):
    """A text without case and accents; SQLite calls `fold`, PostgreSQL folds the Latin letters.

    Cost: about 3 µs a row in SQLite, so that a query should have few rows or other conditions.
    """

    function = _FUNCTION
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Literals: as parameters they would be named types that translate() does not have.
        letters, plain = "".join(_PLAIN), "".join(_PLAIN.values())
        template = f"translate(lower(%(expressions)s), '{letters}', '{plain}')"
        return self.as_sql(compiler, connection, template=template, **context)


def has_words(text: Combinable | str, words: list[str]) -> Q:
    """Return the condition that a text contains each of some folded words."""
    condition = Q()
    for word in words:
        condition &= Q(Contains(Folded(text), word))
    return condition


def add_functions(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Give a new connection to SQLite the function that `Folded` calls."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(_FUNCTION, 1, _folded, deterministic=True)


def _folded(text: Any) -> str | None:
    return None if text is None else fold(str(text))
