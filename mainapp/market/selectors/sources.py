"""The state of each source of quotes, in words for users."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mainapp.core.templatetags.formats import full_day
from mainapp.market import sessions
from mainapp.market.board import Board, Pulse
from mainapp.market.kinds import kind_of_source
from mainapp.market.models import RejectedQuotes
from mainapp.market.providers.base import Limit
from mainapp.market.providers.breaker import SourceState
from mainapp.market.providers.configured import build_chain
from mainapp.market.selectors.schedule import Schedule, update_schedule
from mainapp.market.selectors.source_words import fault_words, source_about, source_label
from mainapp.market.selectors.streams import (
    StreamOverview,
    pushed_sentence,
    streams_overview,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source of the chain: its description, its state, and whether it is in use."""

    state: SourceState
    label: str
    about: str
    mark: str  # ok, resting, lacking, broken, empty or unused: a class of the style sheet
    word: str
    error: str
    interval_s: float
    in_use: bool
    history: SourceState
    history_error: str
    events: SourceState
    events_error: str
    limits: Sequence["Allowance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A limit of a source in words, its own refusal of more, and the time of the next attempt."""

    text: str
    words: str
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """The number of a source's quotes rejected for one reason, and the last such quote."""

    label: str
    reason: str
    count: int
    last_symbol: str
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The content of the page *Fontes*; times are aware UTC."""

    sources: Sequence[Source]
    streams: Sequence[StreamOverview]
    why: str
    pushed: str
    interval: str
    setting: str
    is_clock_wrong: bool
    stopped: str  # a sentence, if no worker polls
    rejections: Sequence[Rejection]
    session: sessions.Session
    session_word: str
    next_open_at: datetime | None
    at: datetime


def sources_overview(*, at: datetime) -> Overview:
    """Return the content of the page *Fontes*.

    Two queries; four reads of Redis per source, one for all streams, and one of the board.
    """
    chain = build_chain()
    states = chain.states()
    used = next((state.name for state in states if _mark(state) in ("ok", "resting")), None)
    schedule, streams, pulse = update_schedule(), streams_overview(), _pulse()
    interval_s = schedule.interval.total_seconds() if schedule.interval else 0
    session: sessions.Session = "open" if settings.QUOTE_KIND != "real" else sessions.session(at)
    return Overview(
        sources=[
            Source(
                state=state,
                label=source_label(state.name),
                about=source_about(state.name),
                mark=_mark(state),
                word=_word(state),
                error=fault_words(state.last_fault),
                interval_s=max(state.interval_s or 0, interval_s),
                in_use=state.name == used,
                history=history,
                history_error=_pause_words(history),
                events=events,
                events_error=_pause_words(events),
                limits=[_allowance(limit) for limit in limits],
            )
            for state, history, events, limits in zip(
                states,
                chain.states("history"),
                chain.states("events"),
                chain.limits(),
                strict=True,
            )
        ],
        streams=streams,
        pushed=pushed_sentence(streams),
        why=_why(used, [state.name for state in states]),
        interval=_describe_interval(schedule),
        setting=_describe_setting(schedule),
        is_clock_wrong=bool(pulse and pulse.status and pulse.status.is_ahead(at)),
        stopped=_stopped(pulse),
        rejections=_rejections(),
        session=session,
        session_word=_session_word(session),
        next_open_at=sessions.next_open(at) if session == "closed" else None,
        at=at,
    )


def _pause_words(state: SourceState) -> str:
    return fault_words(state.last_fault) if state.state == "open" else ""


def _mark(state: SourceState) -> str:
    if state.state in ("open", "half_open"):
        return "broken"
    return "empty" if state.state == "resting" and state.calls_left == 0 else state.state


def _word(state: SourceState) -> str:
    if _mark(state) == "empty":
        return _("cota esgotada")
    return {
        "unused": _("ainda não usada"),
        "ok": _("respondendo"),
        "lacking": _("responde, sem o que foi pedido"),
        "resting": _("poupando chamadas"),
        "open": _("fora do ar"),
        "half_open": _("tentando de novo"),
    }[state.state]


def _allowance(limit: Limit) -> Allowance:
    if limit.kind == "batch":
        count = int(limit.value)
        text = ngettext("%(count)d ativo por chamada", "%(count)d ativos por chamada", count) % {
            "count": count
        }
    else:
        interval = _interval_name(limit.kind.partition(":")[2])
        text = _("histórico (%(interval)s) de até %(range)s") % {
            "interval": interval,
            "range": _range_name(limit.value),
        }
    return Allowance(text=text, words=limit.words, retry_at=limit.retry_at)


def _interval_name(interval: str) -> str:
    return {"1m": _("por minuto"), "15m": _("por 15 minutos"), "1d": _("por dia")}[interval]


def _range_name(range_: str) -> str:
    return {
        "1d": _("1 dia"),
        "5d": _("5 dias"),
        "1mo": _("1 mês"),
        "3mo": _("3 meses"),
        "6mo": _("6 meses"),
        "ytd": _("o começo do ano"),
        "1y": _("1 ano"),
        "5y": _("5 anos"),
        "max": _("todo o período"),
    }[range_]


def _session_word(session: sessions.Session) -> str:
    return {
        "open": _("Mercado aberto"),
        "pre_open": _("Pré-abertura"),
        "closing_call": _("Call de fechamento"),
        "after_market": _("After-market"),
        "closed": _("Mercado fechado"),
    }[session]


def _why(used: str | None, names: Sequence[str]) -> str:
    """Return a sentence about the source in use and the reason for it."""
    if settings.QUOTE_KIND == "simulated":
        return _("Os preços vêm do mercado simulado: este servidor foi iniciado sem fontes reais.")
    if settings.QUOTE_KIND == "replay":
        return _("Os preços são os do pregão de %(day)s, repetidos.") % {
            "day": full_day(settings.REPLAY_DATE)
        }
    if used is None:
        return _("Nenhuma fonte respondeu ainda: não há preços novos.")
    label = source_label(used)
    if used == names[0]:
        return _("Os preços vêm de %(source)s, a primeira da ordem configurada.") % {
            "source": label
        }
    before = ", ".join(source_label(name) for name in names[: names.index(used)])
    return _("Os preços vêm de %(source)s, porque antes dela não dão conta: %(before)s.") % {
        "source": label,
        "before": before,
    }


def _describe_interval(schedule: Schedule) -> str:
    """Return a sentence about how often prices are requested."""
    if schedule.interval is None:
        return _("As atualizações estão desligadas.")
    if schedule.is_crontab:
        return _("Os preços são consultados em horários marcados.")
    every_s = formats.number_format(schedule.interval.total_seconds(), 0)
    return _("Os preços são consultados a cada %(every_s)s s.") % {"every_s": every_s}


def _describe_setting(schedule: Schedule) -> str:
    """Return a sentence for operators: whether the setting or the admin decides the interval."""
    if schedule.interval is None:
        return _("A tarefa update_stock está desligada na administração.")
    if schedule.is_from_setting:
        return _("O intervalo vem de UPDATE_INTERVAL_S.")
    setting_s = formats.number_format(settings.UPDATE_INTERVAL_S)
    return _(
        "O intervalo foi definido na administração; UPDATE_INTERVAL_S=%(setting_s)s não vale."
    ) % {"setting_s": setting_s}


def _pulse() -> Pulse | None:
    try:
        return Board(kind=settings.QUOTE_KIND).pulse()
    except redis.RedisError:
        return None


def _stopped(pulse: Pulse | None) -> str:
    """Return a sentence if no worker polls: prices of streams are live all the same."""
    if pulse is None or pulse.worker_alive:
        return ""
    if pulse.given:
        return _(
            "Nenhum processo consulta as fontes (o worker está parado): "
            "só mudam os preços que chegam ao vivo."
        )
    return _("Nenhum processo consulta as fontes (o worker está parado): os preços não mudam.")


def _rejections() -> list[Rejection]:
    rows: Iterable[RejectedQuotes] = RejectedQuotes.objects.order_by("source", "-count")
    return [
        Rejection(
            label=source_label(row.source),
            reason=_reason(row.reason),
            count=row.count,
            last_symbol=row.last_symbol,
            last_at=row.last_at,
        )
        for row in rows
        if kind_of_source(row.source) == settings.QUOTE_KIND
    ]


def _reason(reason: str) -> str:
    return {
        "not_finite": _("o preço não era um número"),
        "not_positive": _("preço zero, negativo ou sem cabimento"),
        "unknown_symbol": _("ativo que não está no catálogo"),
        "older": _("mais antiga do que a que já tínhamos"),
        "future": _("com hora no futuro"),
        "currency": _("em outra moeda que não a do ativo"),
        "out_of_range": _("fora da mínima e da máxima do dia que a própria fonte informou"),
        "doubtful": _("longe demais do último preço, à espera de confirmação"),
        "event_currency": _("provento em outra moeda que não a do ativo"),
        "event_date": _("provento com data sem cabimento"),
        "event_amount": _("provento com valor sem cabimento"),
        "event_ratio": _("desdobramento, grupamento ou bonificação sem cabimento"),
        "event_count": _("proventos demais numa só resposta"),
        "foreign": _("simulada entre reais, ou real entre simuladas"),
    }.get(reason, reason)
