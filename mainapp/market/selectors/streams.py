"""The state of each stream of quotes, in words for users."""

from collections.abc import Sequence
from dataclasses import dataclass

import redis
from django.conf import settings
from django.utils.translation import gettext as _

from mainapp.market.selectors.source_words import fault_words, source_label
from mainapp.market.streams.base import StreamState
from mainapp.market.streams.redis_state import Streaming, read_streaming


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOverview:
    """A stream of QUOTE_STREAM: its state, in words, and whether it gives any symbol now."""

    state: StreamState
    label: str
    about: str
    mark: str  # as of a source
    word: str
    error: str
    in_use: bool


def streams_overview() -> list[StreamOverview]:
    """Return the configured streams, also while no process runs them. One read of Redis."""
    if not settings.QUOTE_STREAM:
        return []
    try:
        streaming = read_streaming()
    except redis.RedisError:
        streaming = Streaming(False, frozenset(), ())
    states = {state.name: state for state in streaming.states}
    return [_overview(name, states.get(name)) for name in settings.QUOTE_STREAM]


def pushed_sentence(streams: Sequence[StreamOverview]) -> str:
    """Return a sentence about the symbols that are pushed, or an empty string."""
    names = [stream.label for stream in streams if stream.in_use]
    if not names:
        return ""
    return _("O que chega ao vivo (%(streams)s) não é consultado.") % {"streams": ", ".join(names)}


def _overview(name: str, state: StreamState | None) -> StreamOverview:
    return StreamOverview(
        state=state or StreamState(name),
        label=source_label(name),
        about=_about(name),
        mark=_mark(state),
        word=_word(state),
        error=fault_words(state.last_fault) if state else "",
        in_use=bool(state and state.given),
    )


def _about(name: str) -> str:
    return {
        "yahoo": _("Envia cada mudança de preço; as da B3 chegam 15 minutos depois."),
        "binance": _("Envia os preços de criptomoedas em tempo real."),
        "simulated": _("Envia cada preço inventado por este servidor. Nenhum é real."),
    }[name]


def _mark(state: StreamState | None) -> str:
    if state is None:
        return "broken"
    return {
        "idle": "unused",
        "connecting": "resting",
        "live": "ok",
        "silent": "lacking",
        "waiting": "broken",
    }[state.status]


def _word(state: StreamState | None) -> str:
    if state is None:
        return _("parada: nenhum processo a recebe")
    return {
        "idle": _("nenhum ativo dela é acompanhado"),
        "connecting": _("conectando"),
        "live": _("ao vivo"),
        "silent": _("conectada, mas calada"),
        "waiting": _("sem conexão, tentando de novo"),
    }[state.status]
