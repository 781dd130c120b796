"""One instance that is switched between kinds of quotes sees the rows of each kind alone."""

import json
from datetime import date

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from mainapp.market.tests.providers.stub import Stub
from tests.instances import get, instance, run
from tests.stub_streamer import streamer_in_thread

DAY = date(2026, 3, 10)
REAL, REPLAYED = 90.0, 200.0  # simulated prices are far from both
READ = """
import json
from datetime import datetime, timedelta
from decimal import Decimal
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from mainapp.accounts.models import User
from mainapp.alerts.models import Alert, Firing
from mainapp.alerts.selectors.alerts import alerts_of
from mainapp.alerts.services.alerts import create_alert
from mainapp.ideas.selectors.listing import all_ideas
from mainapp.market.models import Candle, Stock
from mainapp.market.selectors.candles import stored_bars
from mainapp.market.selectors.quotes import last_quotes
owner, _ = User.objects.get_or_create(username="dona")
stock, made, at = Stock.objects.get(symbol="PETR4"), None, timezone.now()
"""
# A session of the real market, to be replayed, and the close before it.
RECORD = f"""
first = datetime.fromisoformat("{DAY.isoformat()}T13:00:00+00:00")
for minute in range(7 * 60):
    Candle.objects.create(
        stock=stock, kind="real", interval="1m", starts_at=first + timedelta(minutes=minute),
        source="brapi", **dict.fromkeys(("open", "high", "low", "close"), Decimal({REPLAYED})),
    )
"""
MAKE = """
fields = {"ativo": stock, "venda": Decimal("1.00"), "fires_if_beyond": True}
made = create_alert(owner=owner, fields=fields, quote_kind=settings.QUOTE_KIND, at=at).pk
"""
PRINT = """
bars, source = stored_bars(stock=stock, range_="5d", interval="1m", at=at)
print(json.dumps({
    "made": made,
    "kind": settings.QUOTE_KIND,
    "alerts": sorted(alerts_of(owner).values_list("pk", flat=True)),
    "quotes": [quote.kind for quote in last_quotes(["PETR4"]).values()],
    "ideas": list(all_ideas().values_list("pk", flat=True)),
    "bars": sorted({float(bar.close) for bar in bars}),
    "fired": sorted({float(price) for price in Firing.objects.filter(
        quote_kind=settings.QUOTE_KIND).values_list("price", flat=True)}),
    "others": Firing.objects.exclude(quote_kind=F("alert__quote_kind")).count(),
}))
"""


@pytest.fixture
def sources():
    """Return the settings of the real sources: stubs with PETR4 at 90."""
    stub = Stub()
    stub.prices["PETR4"] = REAL
    with streamer_in_thread() as streamer:
        streamer.prices = {"PETR4.SA": REAL}
        yield {
            "QUOTE_SOURCE": "brapi",
            "BRAPI_URL": stub.url,
            "QUOTE_STREAM": "yahoo",
            "YAHOO_STREAM_URL": streamer.url,
        }
    stub.close()


def read(site, prelude=""):
    """Return what a process of the instance reads; `prelude` is run before."""
    code = READ + prelude + PRINT
    command = ("-m", "project.launcher", "manage", "shell", "-v", "0", "-c", code)
    done = run(*command, **site.env_vars)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def received(site):
    """Return the kind and the price of the first quote on a page's socket."""
    address = site.url.replace("http", "ws", 1) + "/ws/stock/track/?stockpicker=PETR4"
    with connect(address, origin=Origin(site.url)) as tracker:
        while True:
            frame = json.loads(tracker.recv(timeout=30))
            if quote := frame.get("quotes", {}).get("PETR4"):
                assert quote["simulated"] == (quote["kind"] != "real")
                return quote["kind"], float(quote["price"])


def is_of(kind, price):
    nearest = {"real": REAL, "replay": REPLAYED}
    near = {name for name, centre in nearest.items() if abs(price - centre) < 1}
    return near == ({kind} if kind in nearest else set())


@pytest.mark.timeout(400)
def test_a_run_reads_the_rows_of_its_own_kind_alone(data_dir, sources):
    simulated = {"QUOTE_SOURCE": "simulated", "SIMULATED_SEED": "7"}
    replay = {"QUOTE_SOURCE": "replay", "REPLAY_DATE": DAY.isoformat()}
    alerts = {}
    for kind, settings in [
        ("real", sources),
        ("simulated", simulated),
        ("replay", replay),
        ("real", sources),
    ]:
        with instance(data_dir, UPDATE_INTERVAL_S="1", ALLOW_SIMULATED="1", **settings) as site:
            prelude = RECORD if kind == "real" and not alerts else ""
            pk = read(site, prelude + MAKE)["made"]
            alerts.setdefault(kind, []).append(pk)
            shown, price = received(site)
            assert shown == kind
            assert is_of(kind, price)
            seen = read(site)
            assert seen["kind"] == kind
            assert seen["alerts"] == alerts[kind]
            assert seen["quotes"] == [kind]
            assert seen["ideas"] == []
            assert seen["others"] == 0  # firings of an alert by a quote of another kind
            for prices in (seen["bars"], seen["fired"]):
                assert all(is_of(kind, price) for price in prices), prices
            page = get(site.url)[1]
            assert ("Mercado simulado" in page) == (kind != "real")
            assert ("repetido, estes preços não são de agora" in page) == (kind == "replay")
