"""Errors raised by several services of ideas."""

from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError


class Invalid(DomainError):
    """An invalid field."""

    def __init__(self, template: str, params: dict[str, Any] | None = None, *, field: str) -> None:
        super().__init__("invalid", template, params, fields={field: template})


class Frozen(DomainError):
    """A field that can no longer be changed."""

    def __init__(self) -> None:
        super().__init__("conflict", _("Isto já não muda na ideia. Escreva um comentário."))


class AlreadyDecided(DomainError):
    def __init__(self) -> None:
        super().__init__("conflict", _("Esta ideia já terminou."))


class IdeaGone(DomainError):
    """No such idea, or one that the user may not see."""

    def __init__(self) -> None:
        super().__init__("not_found", _("Esta ideia não existe mais."))


class SecondIdea(DomainError):
    def __init__(self) -> None:
        super().__init__(
            "conflict",
            _("Você já tem uma ideia aberta sobre este ativo. Encerre-a antes de publicar outra."),
        )
