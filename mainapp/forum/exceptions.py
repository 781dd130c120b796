"""Errors raised by several services of the forum."""

from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError


class Invalid(DomainError):
    """An invalid string or number, or an object that no longer exists."""

    def __init__(
        self,
        template: str,
        params: dict[str, Any] | None = None,
        *,
        fields: dict[str, Any] | None = None,
    ) -> None:
        super().__init__("invalid", template, params, fields=fields)


class TooLong(DomainError):
    def __init__(self) -> None:
        super().__init__("too_long", _("A mensagem passa de 4.000 caracteres."))


class RoomGone(Invalid):
    """No such room, or one that the user may not read."""

    def __init__(self) -> None:
        Invalid.__init__(self, _("Esta sala não existe mais."))


class UnavailablePerson(DomainError):
    """Somebody who is unknown, deactivated, or blocked in either direction: not told apart."""

    def __init__(self) -> None:
        super().__init__("unavailable_person", _("Não é possível conversar com esta pessoa."))


class LoginRequired(DomainError):
    def __init__(self) -> None:
        super().__init__("login_required", _("Entre na sua conta para escrever."))


class Forbidden(DomainError):
    def __init__(self) -> None:
        super().__init__("forbidden", _("Você não pode fazer isto."))


class Muted(DomainError):
    def __init__(self) -> None:
        super().__init__("muted", _("Você foi silenciado nesta sala."))


class Closed(DomainError):
    def __init__(self) -> None:
        super().__init__("closed", _("Esta sala está fechada."))


class Unavailable(DomainError):
    def __init__(self) -> None:
        super().__init__("unavailable", _("O fórum está fora do ar; tente já já."))
