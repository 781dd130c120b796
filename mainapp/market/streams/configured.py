"""The streams of QUOTE_STREAM, configured by the settings."""

from django.conf import settings

from mainapp.market.providers.configured import build_provider
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.streams.base import QuoteStream
from mainapp.market.streams.binance import BinanceWire
from mainapp.market.streams.simulated import SimulatedStream
from mainapp.market.streams.websocket import WebSocketStream
from mainapp.market.streams.yahoo import YahooWire


def build_streams() -> list[QuoteStream]:
    """Return the streams in the order of preference."""
    return [_build(name) for name in settings.QUOTE_STREAM]


def _build(name: str) -> QuoteStream:
    if name == "simulated":
        provider = build_provider(name)
        assert isinstance(provider, SimulatedProvider)
        return SimulatedStream(provider)
    proxy = settings.SOURCE_PROXY
    if name == "yahoo":
        return WebSocketStream(YahooWire(), url=settings.YAHOO_STREAM_URL, proxy=proxy)
    return WebSocketStream(BinanceWire(), url=settings.BINANCE_STREAM_URL, proxy=proxy)
