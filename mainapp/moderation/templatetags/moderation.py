"""Cases and their copies in templates."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.core.templatetags.formats import full_day
from mainapp.moderation.models import Case, LogEntry

register = template.Library()


@register.filter
def subject_name(case: Case) -> str:
    """Return the name of a case's subject: a message, a picture, a file, a profile or a club."""
    if case.kind in ("profile", "club"):
        return _("Perfil") if case.kind == "profile" else _("Clube")
    line = _reported(case)
    if line.get("is_image"):
        return _("Imagem")
    return _("Arquivo") if line.get("name") else _("Mensagem")


@register.filter
def reported_text(case: Case) -> str:
    """Return the reported text of the newest copy."""
    return str(_reported(case).get("text", ""))


@register.filter
def copied_moment(text: str) -> str:
    """Turn the time of a copy into a day and a time."""
    moment = timezone.localtime(datetime.fromisoformat(text), timezone.get_default_timezone())
    return f"{full_day(moment)}, {moment:%H:%M}"


@register.filter
def log_detail(entry: LogEntry) -> str:
    """Return what an entry of the log adds to its action; of a decision, its name and the note."""
    if entry.action != LogEntry.Action.RESOLVE_REPORT:
        return entry.detail
    decision, _space, note = entry.detail.partition(" ")
    names = dict(Case.Decision.choices)
    return ": ".join(filter(None, [str(names.get(decision, decision)), note]))


def _reported(case: Case) -> dict[str, object]:
    lines = case.copies[-1]["lines"] if case.copies else []
    return next((line for line in lines if line.get("is_reported")), {})
