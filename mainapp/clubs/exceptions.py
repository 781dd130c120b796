"""Errors raised by the services of clubs."""

from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError


class Invalid(DomainError):
    """An invalid name, number or choice."""

    def __init__(self, template: str, params: Any = None, *, fields: Any = None) -> None:
        super().__init__("invalid", template, params, fields=fields)


class ClubGone(DomainError):
    """No such club, or the user is not a member."""

    def __init__(self) -> None:
        super().__init__("not_found")


class Forbidden(DomainError):
    """The member's role does not allow the change."""

    def __init__(self) -> None:
        super().__init__("forbidden")


class LastOwner(DomainError):
    """The change would leave a club with members but no owner."""

    def __init__(self) -> None:
        super().__init__(
            "conflict",
            _("O clube ficaria sem dono. Antes, dê este papel a outra pessoa ou apague o clube."),
        )


class LastOwnerDeleted(DomainError):
    """The account is the only owner of a club with other members."""

    def __init__(self) -> None:
        super().__init__(
            "invalid",
            _(
                "Você é o único dono de um clube que tem outros membros. Antes, dê este papel a "
                "outra pessoa ou apague o clube."
            ),
        )


class InvitationGone(DomainError):
    """The invitation is unknown, used up, expired or revoked, or not for this user."""

    def __init__(self) -> None:
        super().__init__("not_found", _("Este convite não vale mais. Peça outro a quem o mandou."))
