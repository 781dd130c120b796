"""Errors raised by several services of the agenda."""

from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError


class Invalid(DomainError):
    """An invalid value, or an event that no longer exists."""

    def __init__(self, template: str, *, field: str = "", params: Any = None) -> None:
        super().__init__("invalid", template, params, fields={field: template} if field else None)


class EventGone(DomainError):
    """No such event, or one that the user may not see or change."""

    def __init__(self) -> None:
        super().__init__("not_found", _("Este evento não existe."))


class NotEnrolled(DomainError):
    def __init__(self) -> None:
        super().__init__("not_found", _("Você não tem vaga neste evento."))


class SoldOut(DomainError):
    def __init__(self) -> None:
        super().__init__("sold_out", _("Vagas esgotadas"))


class AlreadyEnrolled(DomainError):
    def __init__(self) -> None:
        super().__init__("already_enrolled", _("Você já tem vaga ou está na lista de espera."))


class EventClosed(DomainError):
    """The event is cancelled or has begun."""

    def __init__(self, template: str) -> None:
        super().__init__("closed", template)
