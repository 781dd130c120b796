"""Where quotes come from, and how long they are kept."""

from typing import Literal

from project.environment import Refusal, env
from project.settings.process import DEBUG
from project.sources import SOURCES, real_sources

FMP_KEY = env.secret("FMP_KEY")
REAL_SOURCES = real_sources()
QUOTE_SOURCE = env.items("QUOTE_SOURCE", REAL_SOURCES)
QUOTE_KIND: Literal["real", "simulated", "replay"] = "real"
if QUOTE_SOURCE == ["simulated"]:
    QUOTE_KIND = "simulated"
elif QUOTE_SOURCE == ["replay"]:
    QUOTE_KIND = "replay"
ALLOW_SIMULATED = env.boolean("ALLOW_SIMULATED", default=DEBUG)
if unknown := set(QUOTE_SOURCE) - {*SOURCES, "simulated", "replay"}:
    raise Refusal(
        f"QUOTE_SOURCE names {', '.join(sorted(unknown))}; it takes {', '.join(SOURCES)}, or "
        "simulated or replay alone ('auto' only under `make run`)"
    )
if "fmp" in QUOTE_SOURCE and not FMP_KEY:
    raise Refusal(
        "QUOTE_SOURCE=fmp needs FMP_KEY, the key of an account at Financial Modeling Prep"
    )
if {"simulated", "replay"} & set(QUOTE_SOURCE) and QUOTE_KIND == "real":
    raise Refusal("QUOTE_SOURCE: real sources, 'simulated' and 'replay' never mix")
if QUOTE_KIND != "real" and not ALLOW_SIMULATED:
    raise Refusal(f"QUOTE_SOURCE={QUOTE_SOURCE[0]} needs ALLOW_SIMULATED=1")
REPLAY_DATE = env.day("REPLAY_DATE")
REPLAY_SPEED = env.number("REPLAY_SPEED", default=1.0, minimum=0.01, maximum=100_000)
if QUOTE_SOURCE == ["replay"] and REPLAY_DATE is None:
    raise Refusal("QUOTE_SOURCE=replay needs REPLAY_DATE, the day of a past session (YYYY-MM-DD)")

STREAMS = ("yahoo", "binance", "simulated")
QUOTE_STREAM = env.items("QUOTE_STREAM")
if unknown := set(QUOTE_STREAM) - set(STREAMS):
    raise Refusal(
        f"QUOTE_STREAM names {', '.join(sorted(unknown))}; it takes yahoo and binance, or "
        "simulated alone"
    )
if QUOTE_STREAM and ("simulated" if "simulated" in QUOTE_STREAM else "real") != QUOTE_KIND:
    raise Refusal(
        "QUOTE_STREAM takes simulated only with QUOTE_SOURCE=simulated, and real streams only with "
        "real sources: they never mix"
    )
if QUOTE_KIND != "real" and len(QUOTE_STREAM) > 1:
    raise Refusal("QUOTE_STREAM: real streams and 'simulated' never mix")

UPDATE_INTERVAL_S = env.integer("UPDATE_INTERVAL_S", default=10, minimum=1, maximum=3600)
SOURCE_TIMEOUT_S = env.number("SOURCE_TIMEOUT_S", default=3.0, minimum=0.1, maximum=60)
SOURCE_PROXY = env.proxy("SOURCE_PROXY")
BRAPI_URL = env.url("BRAPI_URL", "https://brapi.dev")
BRAPI_TOKEN = env.secret("BRAPI_TOKEN")
BRAPI_BATCH_SIZE = env.integer("BRAPI_BATCH_SIZE", default=20, minimum=1, maximum=10_000)
BRAPI_BUDGET_PER_MONTH = env.integer("BRAPI_BUDGET_PER_MONTH", default=15_000, minimum=1)
FMP_URL = env.url("FMP_URL", "https://financialmodelingprep.com")
FMP_BUDGET_PER_DAY = env.integer("FMP_BUDGET_PER_DAY", default=250, minimum=1)
YAHOO_URL = env.url("YAHOO_URL", "https://query1.finance.yahoo.com")
YAHOO_STREAM_URL = env.websocket_url("YAHOO_STREAM_URL", "wss://streamer.finance.yahoo.com")
BINANCE_URL = env.url("BINANCE_URL", "https://data-api.binance.vision")
BINANCE_STREAM_URL = env.websocket_url("BINANCE_STREAM_URL", "wss://data-stream.binance.vision")
BINANCE_BUDGET_PER_HOUR = env.integer("BINANCE_BUDGET_PER_HOUR", default=3_600, minimum=1)
YAHOO_BUDGET_PER_HOUR = env.integer("YAHOO_BUDGET_PER_HOUR", default=1_500, minimum=1)
YAHOO_FIN_URL = env.url("YAHOO_FIN_URL", "https://finance.yahoo.com")
SIMULATED_SEED = env.integer("SIMULATED_SEED", default=1, minimum=-(10**9))
SIMULATED_SPEED = env.number("SIMULATED_SPEED", default=1.0, minimum=0, maximum=1e6)
SIMULATED_VOLATILITY = env.number("SIMULATED_VOLATILITY", default=1.0, minimum=0, maximum=1000)
KEEP_MINUTE_CANDLES_DAYS = env.integer(
    "KEEP_MINUTE_CANDLES_DAYS", default=30, minimum=1, maximum=36_500
)
KEEP_DAILY_CANDLES_DAYS = env.integer(
    "KEEP_DAILY_CANDLES_DAYS", default=3650, minimum=1, maximum=36_500
)
