"""The domain's only error class: a code, a translatable sentence, and its parameters."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

# The HTTP status of every code. The first code of a status is also used for refusals by Django and
# REST framework, which have a status only.
STATUSES = {
    "bad_request": 400,
    "bad_frame": 400,
    "unknown_type": 400,
    "invalid": 400,
    "too_long": 400,
    "too_many_symbols": 400,
    "login_required": 401,
    "invalid_credentials": 401,
    "mfa_required": 401,
    "invalid_code": 401,
    "forbidden": 403,
    "unavailable_person": 403,
    "muted": 403,
    "suspended": 403,
    "new_account": 403,
    "closed": 403,
    "limit_reached": 403,
    "email_unverified": 403,
    "insufficient_scope": 403,
    "second_factor_required": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "paused_by_event": 409,
    "sold_out": 409,
    "already_enrolled": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}
# Sentences of errors raised without a template.
SENTENCES = {
    "bad_request": _("O pedido não faz sentido."),
    "login_required": _("Entre na sua conta, ou mande um token que valha."),
    "forbidden": _("Você não tem permissão para isso."),
    "not_found": _("Isto não existe."),
    "method_not_allowed": _("Este método não existe aqui."),
    "conflict": _("O pedido não combina com o que já foi feito."),
    "too_large": _("O pedido é grande demais."),
    "unsupported_media_type": _("Só JSON é aceito."),
    "rate_limited": _("Pedidos demais; espere um pouco."),
    "internal": _("Algo deu errado deste lado."),
    "unavailable": _("Fora do ar por um momento; tente de novo."),
}

_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
_SURROGATE = re.compile("[\ud800-\udfff]")


class DomainError(Exception):
    """A request that the domain refuses.

    `code` is a key of STATUSES. `template` is a Portuguese sentence that is translated when shown:
    marked with `gettext_noop` (or lazy, for a plural), with a `%(name)s` for each of `params`.
    `fields` maps invalid fields to the values that they accept, `retry_after_s` is the time until
    the same request may succeed, and `wire` has further values for programs.

        raise DomainError("limit_reached", _("São até %(limit)s canais."), {"limit": MAX_CHANNELS})
    """

    def __init__(
        self,
        code: str,
        template: str | Promise = "",
        params: Mapping[str, Any] | None = None,
        *,
        fields: Mapping[str, Any] | None = None,
        retry_after_s: float | None = None,
        wire: Mapping[str, Any] | None = None,
    ) -> None:
        if code not in STATUSES:
            raise ValueError(f"{code!r} is not an error code of mainapp.core.exceptions.STATUSES")
        super().__init__(code, template)
        self.code = code
        self.template = template or SENTENCES.get(code, SENTENCES["bad_request"])
        self.params = dict(params or {})
        self.fields = dict(fields or {})
        self.retry_after_s = retry_after_s
        self.wire = dict(wire or {})

    def __str__(self) -> str:
        """Return the sentence in the active language."""
        template = self.template
        text = gettext(template) if isinstance(template, str) else str(template)
        return clean_text(fill(text, self.params))

    @property
    def status(self) -> int:
        return STATUSES[self.code]


def code_for_status(status: int) -> str:
    """Return the code for a framework's refusal that has only a status."""
    if status >= 500 and status not in STATUSES.values():
        return "internal"
    return next((code for code, known in STATUSES.items() if known == status), "bad_request")


def fill(template: str, params: Mapping[str, Any]) -> str:
    """Return the template with each `%(name)s` replaced by its parameter, in one pass.

    Placeholders inside a parameter are not replaced. A lone `%`, a brace or an unknown name in the
    template stays unchanged, where Python's `%` operator would raise.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "%"
        return str(params[name]) if name in params else match[0]

    return _PLACEHOLDER.sub(value_of, template)


def clean_text(text: str) -> str:
    """Return the text with lone surrogates replaced, which UTF-8 encoders refuse."""
    return _SURROGATE.sub("\ufffd", text)


def clean(value: Any) -> Any:
    """Return a JSON value with all of its strings cleaned."""
    if isinstance(value, str | Promise):
        return clean_text(str(value))
    if isinstance(value, Mapping):
        return {clean_text(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value
