"""Calendar files, read in a bounded child process."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext, gettext_noop

from mainapp.agenda.sessions import WALL
from mainapp.core import bounded_child
from mainapp.core.exceptions import DomainError

WORKER = Path(__file__).with_name("calendar_child.py")
LIMITS = bounded_child.Limits(memory=96 * bounded_child.MIB, cpu_s=4, timeout_s=8)
MAX_SIZE = 512 * 1024
# Events are read from now until this time ahead.
AHEAD = timedelta(days=400)
REASONS = {
    "format": gettext_noop("não está no formato de um calendário"),
    "uid": gettext_noop("não tem UID"),
    "end": gettext_noop("termina antes de começar"),
    "frequency": gettext_noop("se repete mais de uma vez por dia"),
    "interval": gettext_noop("tem um intervalo de repetição impossível"),
    "count": gettext_noop("tem repetições demais"),
    "slow": gettext_noop("tem uma repetição complicada demais"),
    "many": gettext_noop("passa de 200 eventos"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent:
    """An event of a file. An empty `zone` means the zone of the reader."""

    uid: str
    recurrence: str
    title: str
    description: str
    place: str
    link: str
    tags: list[str]
    zone: str
    start: str
    end: str
    is_all_day: bool


def read_calendar(data: bytes, *, at: datetime) -> list[ReadEvent]:
    """Return the events of a file in the time AHEAD, repeated ones expanded.

    Raises: DomainError (`too_large`, `invalid` with the lines of the faults, `unavailable`).
    """
    if len(data) > MAX_SIZE:
        raise DomainError("too_large", gettext_noop("O arquivo passa de 512 KB."))
    window = (at.strftime(WALL), (at + AHEAD).strftime(WALL))
    answer: dict[str, Any] = bounded_child.run(WORKER, *window, data=data, limits=LIMITS)
    if answer.get("error") == "busy":
        raise DomainError("unavailable")
    if "events" in answer:
        return [ReadEvent(**event) for event in answer["events"]]
    if faults := answer.get("faults"):
        template = gettext_noop("Nada foi importado. %(faults)s")
        raise DomainError("invalid", template, {"faults": _sentences(faults)})
    raise DomainError("invalid", gettext_noop("O arquivo é complicado demais para ser lido."))


def _sentences(faults: Any) -> str:
    return " ".join(
        gettext("Linha %(line)s: %(reason)s.") % {"line": line, "reason": gettext(REASONS[reason])}
        for line, reason in faults
    )
