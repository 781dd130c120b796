"""Tests of the page of sources, with real guards in the Redis of the test run."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from mainapp.core.redis import client as redis_client
from mainapp.market.board import STREAMER, WORKER_KEY, Board
from mainapp.market.models import RejectedQuotes
from mainapp.market.providers import configured
from mainapp.market.providers.base import Budget, ProviderError, RefusedError
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.limits import Limits
from mainapp.market.selectors.feed import feed_state
from mainapp.market.selectors.sources import sources_overview
from mainapp.market.streams.base import StreamState
from mainapp.market.streams.redis_state import write_streaming

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 6, 15, 15, tzinfo=UTC)  # noon in São Paulo
SUNDAY = datetime(2026, 6, 14, 15, tzinfo=UTC)


@pytest.fixture
def fresh():
    configured._chain.cache_clear()  # its guards have copies of records in a flushed Redis


@pytest.fixture
def real(settings, fresh):
    settings.QUOTE_KIND, settings.QUOTE_SOURCE = "real", ["brapi", "yahoo", "yahoo_fin"]


def guard(name: str, budget: Budget | None = None) -> Guard:
    return Guard(name, redis_url=settings.REDIS_URL, budget=budget)


def shown(at: datetime = MONDAY) -> dict[str, tuple[str, str]]:
    return {
        source.state.name: (source.mark, source.word) for source in sources_overview(at=at).sources
    }


def test_unused_sources_are_shown_as_unused(real):
    assert shown() == dict.fromkeys(settings.QUOTE_SOURCE, ("unused", "ainda não usada"))
    assert sources_overview(at=MONDAY).why.startswith("Nenhuma fonte respondeu ainda")


def test_first_working_source_is_in_use(real):
    guard("brapi").fail(ProviderError("no answer in time", fault="timeout", retry_after=60))
    guard("yahoo").succeed(delay_s=900)

    overview = sources_overview(at=MONDAY)

    assert shown()["brapi"] == ("broken", "fora do ar")
    assert shown()["yahoo"] == ("ok", "respondendo")
    assert [source.in_use for source in overview.sources] == [False, True, False]
    assert overview.why == (
        "Os preços vêm de Yahoo Finance, porque antes dela não dão conta: brapi.dev."
    )
    assert overview.sources[0].error == "não respondeu a tempo"


def test_source_without_requested_data_is_not_in_use(real):
    guard("brapi").succeed()
    guard("brapi").record_empty()
    guard("yahoo").succeed(delay_s=900)

    overview = sources_overview(at=MONDAY)

    assert shown()["brapi"] == ("lacking", "responde, sem o que foi pedido")
    assert overview.sources[0].error == "não tem o que foi pedido"
    assert [source.in_use for source in overview.sources] == [False, True, False]


@time_machine.travel(MONDAY)
def test_exhausted_budget_is_distinguished_from_a_pause(real):
    budget = Budget(calls=settings.BRAPI_BUDGET_PER_MONTH, period="month")
    brapi = guard("brapi", budget)
    brapi.admit()
    brapi.succeed()
    assert shown()["brapi"] == ("resting", "poupando chamadas")
    assert sources_overview(at=MONDAY).sources[0].in_use

    brapi.add_calls(settings.BRAPI_BUDGET_PER_MONTH)
    assert shown()["brapi"] == ("empty", "cota esgotada")
    assert not sources_overview(at=MONDAY).sources[0].in_use


@time_machine.travel(MONDAY)  # in the last days of a month its budget is spread less
def test_interval_is_the_longer_of_beats_and_the_budgets(real):
    assert sources_overview(at=MONDAY).sources[2].interval_s == settings.UPDATE_INTERVAL_S

    guard("brapi", Budget(calls=settings.BRAPI_BUDGET_PER_MONTH, period="month")).admit()
    assert sources_overview(at=MONDAY).sources[0].interval_s > settings.UPDATE_INTERVAL_S


def test_page_describes_each_source(client, real):
    guard("brapi").fail(ProviderError("access refused (401)", fault="unauthorized", permanent=True))
    guard("yahoo").succeed(delay_s=900)

    html = client.get("/sources/").content.decode()

    assert "recusou o acesso: confira o token e o endereço" in html
    assert "access refused (401)" in html
    assert "15 min" in html
    assert "a primeira da ordem" not in html
    assert "SIMULADO" not in html


def test_page_hides_the_interval_of_an_exhausted_budget_and_pauses_under_one_second(client, real):
    budget = Budget(calls=settings.BRAPI_BUDGET_PER_MONTH, period="month")
    brapi = guard("brapi", budget)
    brapi.admit()
    brapi.succeed()
    brapi.add_calls(budget.calls)
    guard("yahoo").fail(ProviderError("no answer in time", fault="timeout"))

    html = client.get("/sources/").content.decode()

    assert html.count("a cada ") == 3  # the schedule and two sources
    assert html.count("Volta a ser perguntada") == 1


def test_rejected_quotes_are_shown_by_source_and_reason(client, real):
    RejectedQuotes.objects.create(
        source="yahoo", reason="older", count=1234, last_symbol="PETR4", last_at=timezone.now()
    )
    RejectedQuotes.objects.create(
        source="yahoo", reason="currency", count=2, last_symbol="PETR4", last_at=timezone.now()
    )
    RejectedQuotes.objects.create(
        source="simulated", reason="future", count=1, last_symbol="VALE3", last_at=timezone.now()
    )

    overview = sources_overview(at=MONDAY)
    assert [(row.label, row.reason, row.count) for row in overview.rejections] == [
        ("Yahoo Finance", "mais antiga do que a que já tínhamos", 1234),
        ("Yahoo Finance", "em outra moeda que não a do ativo", 2),
    ]
    assert "1.234" in client.get("/sources/").content.decode()


def test_page_identifies_the_simulated_market(client, fresh):
    html = client.get("/sources/").content.decode()

    assert "Nenhum é real." in html
    assert "Mercado aberto" in html
    assert "brapi" not in html


def test_closed_market_shows_the_next_opening(real):
    assert sources_overview(at=MONDAY).next_open_at is None

    overview = sources_overview(at=SUNDAY)
    assert overview.session_word == "Mercado fechado"
    assert overview.next_open_at - SUNDAY < timedelta(days=1)


@pytest.mark.parametrize("rows", [1, 3])
def test_page_needs_two_queries(client, real, rows, django_assert_num_queries):
    for reason in ("older", "future", "foreign")[:rows]:
        RejectedQuotes.objects.create(
            source="yahoo", reason=reason, count=1, last_symbol="PETR4", last_at=timezone.now()
        )

    with django_assert_num_queries(2):
        client.get("/sources/")


def test_htmx_request_gets_only_the_fragment(client, fresh):
    response = client.get("/sources/", headers={"hx-request": "true"})

    assert "<main" not in response.content.decode()
    assert "Cotações recusadas" in response.content.decode()
    assert "HX-Request" in response.headers["Vary"]


LIMITS = ("Seu plano permite <b>1</b> ativo.", "Range 1y não disponível.")


def test_page_shows_the_limits_of_a_source_in_its_own_words(client, real):
    account = f"{settings.BRAPI_URL} {settings.BRAPI_TOKEN}"
    limits = Limits("brapi", account=account, redis_url=settings.REDIS_URL)
    limits.learn_batch_size(1, LIMITS[0])
    limits.learn_range("1d", "3mo", LIMITS[1])

    html = client.get("/sources/").content.decode()

    assert "1 ativo por chamada" in html
    assert "histórico (por dia) de até 3 meses" in html
    assert "Seu plano permite &lt;b&gt;1&lt;/b&gt; ativo." in html
    assert LIMITS[1] in html
    assert html.count("é tentado de novo depois de") == 2


def test_page_distinguishes_resting_histories_from_resting_quotes(client, real):
    guard("brapi").succeed()
    guard("brapi").for_kind("history").fail(RefusedError(402, "Seu plano não inclui histórico."))

    html = client.get("/sources/").content.decode()

    assert shown()["brapi"] == ("ok", "respondendo")
    assert "O histórico espera" in html
    assert "Volta a ser perguntada" not in html


def test_page_shows_fmp_with_its_budget_of_a_day_and_resting_events(client, settings, fresh):
    settings.QUOTE_KIND, settings.QUOTE_SOURCE = "real", ["fmp", "brapi"]
    settings.FMP_KEY, settings.FMP_BUDGET_PER_DAY = "secret-key", 250
    budget = Budget(calls=250, period="day")
    guard("fmp", budget).admit(4)
    guard("fmp", budget).succeed(delay_s=900)
    guard("brapi").for_kind("events").fail(RefusedError(402, "Seu plano não inclui dividendos."))
    RejectedQuotes.objects.create(
        source="brapi", reason="event_date", count=3, last_symbol="PETR4", last_at=MONDAY
    )

    html = client.get("/sources/").content.decode()
    api = client.get("/api/v1/sources/").json()["sources"]

    assert "1. Financial Modeling Prep" in html
    assert "com cota por dia" in html
    assert "Os proventos esperam" in html
    assert "provento com data sem cabimento" in html
    assert (api[0]["name"], api[0]["calls_left"]) == ("fmp", 246)
    assert "secret-key" not in html


# Streams -------------------------------------------------------------------------------------


@pytest.fixture
def streaming(settings, fresh):
    """Return a function that publishes the state of the simulated stream."""
    settings.QUOTE_STREAM = ["simulated"]
    redis_client().flushall()
    redis_client().set(STREAMER.key, "holder", px=2000)

    def publish(status, **fields):
        state = StreamState("simulated", status=status, **fields)
        assert write_streaming(holder="holder", given_ms={}, states=[state])

    return publish


def stream_words():
    (stream,) = sources_overview(at=MONDAY).streams
    return stream.mark, stream.word, stream.in_use


def test_without_configured_streams_the_page_shows_none(client):
    assert sources_overview(at=MONDAY).streams == []
    assert "Ao vivo" not in client.get("/sources/").content.decode()


def test_stream_that_gives_symbols_is_in_use(streaming):
    streaming("live", given=3, wanted=4)

    assert stream_words() == ("ok", "ao vivo", True)
    assert sources_overview(at=MONDAY).pushed == (
        "O que chega ao vivo (Mercado simulado) não é consultado."
    )


@pytest.mark.parametrize(
    ("status", "shown_as"),
    [
        ("idle", ("unused", "nenhum ativo dela é acompanhado", False)),
        ("connecting", ("resting", "conectando", False)),
        ("silent", ("lacking", "conectada, mas calada", False)),
        ("waiting", ("broken", "sem conexão, tentando de novo", False)),
    ],
)
def test_states_of_a_stream_are_shown_in_words(streaming, status, shown_as):
    streaming(status)

    assert stream_words() == shown_as
    assert sources_overview(at=MONDAY).pushed == ""


def test_stream_without_a_process_is_shown_as_stopped(streaming):
    redis_client().delete(STREAMER.key)

    assert stream_words() == ("broken", "parada: nenhum processo a recebe", False)


def test_page_and_feed_say_that_polling_stopped_while_a_stream_is_live(client, streaming):
    """Prices that a stream gives are live; the others are old, and operators read why."""
    Board(kind="simulated").restore([])
    streaming("live", given=1, wanted=2)
    state = feed_state(at=timezone.now())
    assert state["feed"] == "down"
    assert "os preços não mudam" in client.get("/sources/").content.decode()

    given = StreamState("simulated", status="live", given=1)
    assert write_streaming(holder="holder", given_ms={"PETR4": 5000}, states=[given])
    state = feed_state(at=timezone.now())
    assert (state["feed"], "PETR4" in state["late_symbols"]) == ("live", False)
    assert state["late_symbols"].among(["PETR4", "VALE3"]) == {"VALE3"}
    assert "só mudam os preços que chegam ao vivo" in client.get("/sources/").content.decode()

    Board(kind="simulated").renew_worker_lease()
    assert "o worker está parado" not in client.get("/sources/").content.decode()

    redis_client().delete(WORKER_KEY, STREAMER.key)
    assert feed_state(at=timezone.now())["feed"] == "down"


def test_page_shows_streams_and_polled_sources(client, streaming):
    error_at = timezone.now() - timedelta(seconds=30)
    streaming(
        "live", given=3, wanted=4, last_tick_at=error_at, last_fault="timeout",
        last_error="no price for too long", last_error_at=error_at,
    )  # fmt: skip

    page = client.get("/sources/").content.decode()

    assert 'id="source-simulated"' in page
    assert 'id="stream-simulated"' in page
    assert "não respondeu a tempo" in page
    assert "no price for too long" in page
