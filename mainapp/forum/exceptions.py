"""What the forum refuses, each with its code of CONTRACTS."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from mainapp.core.exceptions import DomainError


class ForumError(DomainError):
    """A refusal; `str(error.detail)` is the sentence for the reader, in the active language."""

    sentence: Any = ""

    def __init__(self, detail: Any = None, **extra: Any) -> None:
        super().__init__(self.sentence if detail is None else detail, **extra)


class Invalid(ForumError):
    code = "invalid"


class TooLong(ForumError):
    code = "too_long"
    sentence = _("A mensagem passa de 4.000 caracteres.")


class LoginRequired(ForumError):
    code = "login_required"
    sentence = _("Entre na sua conta para escrever.")


class Forbidden(ForumError):
    code = "forbidden"
    sentence = _("Você não pode fazer isto.")


class Muted(ForumError):
    code = "muted"
    sentence = _("Você foi silenciado nesta sala.")


class Closed(ForumError):
    code = "closed"
    sentence = _("Esta sala está fechada.")


class Unavailable(ForumError):
    code = "unavailable"
    sentence = _("O fórum está fora do ar; tente já já.")
