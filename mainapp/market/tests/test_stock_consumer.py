import asyncio
import logging
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.models import Session

from mainapp.core.limits import redis_store
from mainapp.core.realtime import query
from mainapp.core.redis import client as redis_client
from mainapp.market.board import WORKER_KEY, WORKER_LEASE_MS
from mainapp.market.consumers.shared import catalogue_cache, quote_hub
from mainapp.market.fanout import broadcast
from mainapp.market.fanout import hub as market_hub
from mainapp.market.fanout.feed import OVERDUE
from mainapp.market.models import Candle, LastQuote, Stock
from mainapp.market.services import updating
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import NOON, MembershipFactory, StockFactory
from mainapp.market.tests.quotes import make_quote

pytestmark = pytest.mark.django_db(transaction=True)

TRACK = "/ws/stock/track/"
PETR4 = {
    "symbol": "PETR4",
    "name": "Petrobras",
    "price": "38.42",
    "previous_close": "38.21",
    "change": "0.21",
    "change_pct": "0.55",
    "open": "38.30",
    "high": "38.60",
    "low": "38.05",
    "volume": 21_000_000,
    "market_cap": "498200000000.00",
    "year_low": "28.10",
    "year_high": "42.70",
    "currency": "BRL",
    "doubtful_price": None,
    "quoted_at": "2026-03-10T15:00:00.000Z",
    "quoted_at_estimated": False,
    "source": "simulated",
    "delay_s": 0,
    "kind": "simulated",
    "simulated": True,
    "session": "open",
}


@pytest.fixture(autouse=True)
def _stocks(transactional_db):
    for symbol in ("PETR4", "VALE3", "ITUB4", "AXIA3"):
        StockFactory(symbol=symbol)
    StockFactory(symbol="ELET3", is_active=False, renamed_to=Stock.objects.get(symbol="AXIA3"))


def petr4(price="38.42", **fields):
    whole = {
        "name": "Petrobras",
        "previous_close": Decimal("38.21"),
        "open": Decimal("38.30"),
        "high": Decimal("38.60"),
        "low": Decimal("38.05"),
        "volume": 21_000_000,
        "market_cap": Decimal("498200000000.00"),
        "year_low": Decimal("28.10"),
        "year_high": Decimal("42.70"),
    }
    return make_quote("PETR4", price, **whole | fields)


def track(*symbols, room="track", **more):
    pairs = [("stockpicker", symbol) for symbol in symbols]
    return f"/ws/stock/{room}/?{urlencode(pairs + list(more.items()))}"


def is_now(text):
    """Return whether a frame's time is within five seconds of now."""
    return abs(datetime.now(UTC) - datetime.fromisoformat(text)) < timedelta(seconds=5)


# Snapshots -----------------------------------------------------------------------------------


async def test_first_frame_is_the_snapshot(websocket, board):
    await board.put(petr4())
    async with websocket(track("PETR4", "ITUB4", "XXXX1")) as socket:
        frame = await socket.next()

    assert frame.pop("server_time").endswith("Z")
    assert frame == {
        "type": "snapshot",
        "epoch": board.epoch,
        "seq": 1,
        "session": "open",
        "feed": "down",
        "source": "simulated",
        "kind": "simulated",
        "simulated": True,
        "limit": 30,
        "quotes": {"PETR4": PETR4},
        "pending": ["ITUB4"],
        "unknown": ["XXXX1"],
    }


async def test_symbols_are_normalised_and_checked(websocket, board):
    names = ["petr4", "PETR4F", " vale3 ", "ELET3", "xxxx3", "", "<b>", "é", "A" * 200, "PETR4"]
    async with websocket(track(*names)) as socket:
        frame = await socket.next()

    assert frame["pending"] == ["AXIA3", "PETR4", "VALE3"]
    assert frame["unknown"] == ["xxxx3", "<b>", "é", "A" * 200]


async def test_thousands_of_unknown_symbols_are_returned_without_an_error(websocket, board):
    names = [f"QQ{n}" for n in range(6000)]
    async with websocket(track(*names, "PETR4")) as socket:
        frame = await socket.next()
        assert frame["unknown"] == names[:5000]
        assert await socket.request({"type": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize("query", ["", "&" * 9000, "stockpicker", "=&=", "%ff%00=%zz", "a=b;c=d"])
async def test_any_query_gets_a_snapshot(websocket, board, query, caplog):
    async with websocket(f"{TRACK}?{query}") as socket:
        frame = await socket.next()

    assert (frame["type"], frame["quotes"], frame["pending"]) == ("snapshot", {}, [])
    assert caplog.records == []


@pytest.mark.parametrize(("user", "limit"), [(False, 30), (True, 200)])
async def test_query_over_the_limit_subscribes_to_the_first_symbols(
    websocket, board, alice, user, limit
):
    symbols = [f"X{chr(65 + n // 26)}{chr(65 + n % 26)}X3" for n in range(limit + 5)]
    await Stock.objects.abulk_create(
        Stock(symbol=s, name=s, search_text=s, kind="ON") for s in symbols
    )
    async with websocket(track(*symbols), alice if user else None) as socket:
        snapshot, error = await socket.next(), await socket.next()
        assert snapshot["limit"] == limit
        assert snapshot["pending"] == symbols[:limit]
        assert error == {
            "type": "error",
            "code": "too_many_symbols",
            "detail": f"O limite é de {limit} ativos por vez.",
            "id": None,
            "limit": limit,
        }
        request = {"type": "subscribe", "symbols": symbols[limit:], "id": "s"}
        assert await socket.request(request) == error | {"id": "s"}
        await board.put(make_quote(symbols[limit]), make_quote(symbols[0]))
        assert list((await socket.next())["quotes"]) == [symbols[0]]


async def test_subscribe_over_the_limit_adds_no_symbol(websocket, board):
    symbols = [f"X{chr(65 + n // 26)}{chr(65 + n % 26)}X3" for n in range(29)]
    await Stock.objects.abulk_create(
        Stock(symbol=s, name=s, search_text=s, kind="ON") for s in symbols
    )
    async with websocket(track(*symbols)) as socket:
        await socket.next()
        over = {"type": "subscribe", "symbols": ["PETR4", "VALE3"]}
        assert (await socket.request(over))["code"] == "too_many_symbols"
        within = {"type": "subscribe", "symbols": [symbols[0], "PETR4", "XXXX1", "PETR4F"]}
        frame = await socket.request(within)
        assert (frame["pending"], frame["unknown"]) == (["PETR4", symbols[0]], ["XXXX1"])


# Batches -------------------------------------------------------------------------------------


async def test_update_contains_only_changed_fields_of_subscribed_symbols(websocket, board):
    await board.put(petr4(), make_quote("VALE3", "61.00"))
    async with (
        websocket(track("PETR4")) as first_socket,
        websocket(track("PETR4", "VALE3")) as both,
    ):
        await first_socket.next()
        await both.next()

        await board.put(petr4("38.43"), make_quote("VALE3", "61.10"))

        petr = {"price": "38.43", "change": "0.22", "change_pct": "0.58"}
        assert await first_socket.next() == {"type": "update", "seq": 2, "quotes": {"PETR4": petr}}
        quotes = {"PETR4": petr, "VALE3": {"price": "61.10"}}
        assert await both.next() == {"type": "update", "seq": 2, "quotes": quotes}


async def test_first_quote_of_a_pending_symbol_is_complete(websocket, board):
    async with websocket(track("PETR4")) as socket:
        assert (await socket.next())["pending"] == ["PETR4"]

        await board.put(petr4())

        assert await socket.next() == {"type": "update", "seq": 1, "quotes": {"PETR4": PETR4}}


async def test_numbers_increase_and_skip_other_symbols(websocket, board):
    async with websocket(track("PETR4")) as socket:
        await socket.next()
        for price in ("1.00", "2.00", "3.00"):
            await board.put(make_quote("VALE3", price))
            await board.put(make_quote("PETR4", price))

        assert [(await socket.next())["seq"] for _ in range(3)] == [2, 4, 6]


async def test_batch_without_a_change_does_not_increase_the_number(websocket, board):
    await board.put(petr4())
    async with websocket(track("PETR4")) as socket:
        await socket.next()
        await board.put(petr4())
        await board.put()

        await board.put(petr4(quoted_at=NOON + timedelta(seconds=1)))

        assert await socket.next() == {
            "type": "update",
            "seq": 2,
            "quotes": {"PETR4": {"quoted_at": "2026-03-10T15:00:01.000Z"}},
        }


async def test_gap_in_the_numbers_is_filled_from_the_board(websocket, board):
    await board.put(petr4(), make_quote("VALE3", "61.00"))
    async with websocket(track("PETR4", "VALE3")) as socket:
        await socket.next()
        updating.quote_board().put([petr4("38.43")], None)  # without a message

        await board.put(make_quote("VALE3", "61.10"))

        frame = await socket.next()
        assert (frame["type"], frame["seq"]) == ("update", 3)
        assert frame["quotes"]["PETR4"]["price"] == "38.43"
        assert frame["quotes"]["VALE3"] == {"price": "61.10"}


@pytest.fixture
def quick_hub(monkeypatch):
    for name in ("POLL_S", "TICK_S"):
        monkeypatch.setattr(market_hub, name, getattr(market_hub, name) / 10)


def test_board_is_polled_twice_a_second():
    assert market_hub.POLL_S == 0.5


async def test_polling_replaces_a_lost_message(websocket, board, quick_hub):
    await board.put(petr4())
    async with websocket(track("PETR4")) as socket:
        await socket.next()
        updating.quote_board().put([petr4("38.43")], None)

        assert (await socket.next(timeout=2))["quotes"]["PETR4"]["price"] == "38.43"


async def test_messages_out_of_order_lose_nothing(websocket, board):
    await board.put(petr4())
    async with websocket(track("PETR4", "VALE3")) as socket:
        await socket.next()
        first = updating.quote_board().put([petr4("38.43")], None)
        second = updating.quote_board().put([make_quote("VALE3")], None)
        hub = quote_hub()
        await hub.apply_batch(updating._batch_message(second))
        await hub.apply_batch(updating._batch_message(first))

        frame = await socket.next()
        assert (frame["seq"], sorted(frame["quotes"])) == (3, ["PETR4", "VALE3"])
        assert await socket.request({"type": "ping"}) == {"type": "pong"}


async def test_every_socket_gets_a_snapshot_after_a_lost_board(websocket, board):
    await board.put(petr4(), make_quote("VALE3"))
    await board.put(petr4("38.43"))
    async with (
        websocket(track("PETR4")) as first_socket,
        websocket(track("ITUB4")) as second_socket,
    ):
        old = (await first_socket.next())["epoch"]
        await second_socket.next()

        board.lose()
        board.refill(petr4("38.44"))
        await board.put()

        first, second = await first_socket.next(), await second_socket.next()
        assert first["type"] == second["type"] == "snapshot"
        assert first["epoch"] == second["epoch"] == board.epoch != old
        assert (first["seq"], second["seq"]) == (0, 0)
        assert first["quotes"] == {"PETR4": PETR4 | {"price": "38.44"} | changed("0.23", "0.60")}
        assert (second["quotes"], second["pending"]) == ({}, ["ITUB4"])
        await board.put(petr4("38.45"))
        assert (await first_socket.next())["seq"] == 1


def changed(change, change_pct):
    return {"change": change, "change_pct": change_pct}


# Subscriptions -------------------------------------------------------------------------------


async def test_subscribe_returns_a_snapshot_of_the_new_symbols(websocket, board):
    await board.put(petr4(), make_quote("VALE3"))
    async with websocket(track("VALE3")) as socket:
        await socket.next()

        request = {"type": "subscribe", "symbols": ["petr4f", "ITUB4", "XXXX1"], "id": "s1"}
        frame = await socket.request(request)

        assert (frame["type"], frame["id"], frame["seq"]) == ("snapshot", "s1", 1)
        assert frame["quotes"] == {"PETR4": PETR4}
        assert (frame["pending"], frame["unknown"]) == (["ITUB4"], ["XXXX1"])
        await board.put(petr4("38.43"))
        assert list((await socket.next())["quotes"]) == ["PETR4"]


async def test_unsubscribe_returns_the_removed_symbols(websocket, board):
    async with websocket(track("PETR4", "VALE3", "AXIA3")) as socket:
        await socket.next()
        names = ["petr4f", "PETR4", "ELET3", "ITUB4", "XXXX1"]
        frame = await socket.request({"type": "unsubscribe", "symbols": names, "id": 5})
        assert frame == {"type": "unsubscribed", "symbols": ["PETR4", "AXIA3"], "id": 5}

        await board.put(petr4(), make_quote("VALE3"))

        assert list((await socket.next())["quotes"]) == ["VALE3"]
        nothing = {"type": "unsubscribed", "symbols": []}
        assert await socket.request({"type": "unsubscribe", "symbols": ["PETR4"]}) == nothing


async def test_unsubscribe_works_for_a_retired_stock(websocket, board, monkeypatch):
    async with websocket(track("PETR4")) as socket:
        await socket.next()
        await Stock.objects.filter(symbol="PETR4").aupdate(is_active=False, symbol="PETR9")
        await catalogue_cache()._load()

        frame = await socket.request({"type": "unsubscribe", "symbols": ["PETR4"]})

        assert frame["symbols"] == ["PETR4"]


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("symbols", [None, "PETR4", {"PETR4": 1}, ["PETR4", 1], [["PETR4"]]])
async def test_symbols_must_be_a_list_of_strings(websocket, board, kind, symbols):
    async with websocket(TRACK) as socket:
        await socket.next()
        frame = await socket.request({"type": kind, "symbols": symbols, "id": "i"})

    assert frame == {
        "type": "error",
        "code": "invalid",
        "detail": "symbols é uma lista de textos.",
        "id": "i",
        "fields": {"symbols": "list of str"},
    }


@pytest.mark.parametrize(
    ("seq", "known", "expected"),
    [
        (1, True, ["PETR4"]),
        (2, True, []),
        (0, True, ["PETR4", "VALE3"]),
        (99, True, ["PETR4", "VALE3"]),
        (-1, True, ["PETR4", "VALE3"]),
        (2, False, ["PETR4", "VALE3"]),
        (2**62, True, ["PETR4", "VALE3"]),
        (None, True, ["PETR4", "VALE3"]),
    ],
)
async def test_resume_returns_quotes_changed_since(websocket, board, seq, known, expected):
    await board.put(petr4(), make_quote("VALE3"))
    await board.put(petr4("38.43"))
    epoch = board.epoch if known else "another"
    async with websocket(track("PETR4", "VALE3", "ITUB4")) as socket:
        await socket.next()
        frame = await socket.request({"type": "resume", "epoch": epoch, "seq": seq, "id": "r"})
    assert (frame["type"], frame["id"]) == ("snapshot", "r")
    assert (frame["epoch"], frame["seq"]) == (board.epoch, 2)
    assert sorted(frame["quotes"]) == expected
    assert (frame["pending"], frame["unknown"]) == (["ITUB4"], [])
    assert all(quote.keys() == PETR4.keys() for quote in frame["quotes"].values())

    more = {} if seq is None else {"seq": seq}
    async with websocket(track("PETR4", "VALE3", epoch=epoch, **more)) as again:
        assert sorted((await again.next())["quotes"]) == expected


@pytest.mark.parametrize("seq", ["x", "1.5", "٣٣", "1" * 400, "-1", "", "²"])
async def test_invalid_number_in_the_query_returns_all_quotes(websocket, board, seq):
    await board.put(petr4())
    async with websocket(track("PETR4", epoch=board.epoch, seq=seq)) as socket:
        assert list((await socket.next())["quotes"]) == ["PETR4"]


@pytest.mark.parametrize("frame", [{"epoch": 1}, {"seq": "1"}, {"seq": 1.5}, {"seq": True}])
async def test_invalid_resume_is_refused(websocket, board, frame):
    async with websocket(TRACK) as socket:
        await socket.next()
        assert (await socket.request({"type": "resume"} | frame))["code"] == "invalid"


async def test_invalid_room_name_closes_the_socket(websocket, board):
    for room in ("a-b", "x" * 65, "caf%C3%A9", "a.b", "a%20", "a%0A"):
        async with websocket(f"/ws/stock/{room}/") as socket:
            assert await socket.closed() == 4404
    for room in ("x" * 64, "A_9"):
        async with websocket(f"/ws/stock/{room}/") as socket:
            assert (await socket.next())["type"] == "snapshot"


@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/stock/", "/ws/stock/track", "/ws/stock/a/b/"])
async def test_unknown_path_closes(websocket, path, caplog):
    async with websocket(path) as socket:
        assert await socket.closed() == 4404
    assert caplog.records == []


# Heartbeats ----------------------------------------------------------------------------------


async def wait_for_feed(socket, feed):
    """Wait for a heartbeat with this feed, which is sent at once and not after two seconds."""
    async with asyncio.timeout(1):
        while (await socket.next("heartbeat"))["feed"] != feed:
            pass


def test_heartbeat_is_due_after_two_idle_seconds():
    assert broadcast.HEARTBEAT_S == 2.0
    assert market_hub.TICK_S <= 0.25


async def test_heartbeat_is_sent_to_an_idle_socket(websocket, board, monkeypatch):
    monkeypatch.setattr(broadcast, "HEARTBEAT_S", 0.4)
    monkeypatch.setattr(market_hub, "TICK_S", 0.05)
    await board.put(petr4())
    batch_at = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
    async with websocket(track("PETR4")) as socket:
        await board.set_feed(due_in_s=60, batch_at=batch_at)
        await wait_for_feed(socket, "live")
        await board.put(petr4("38.43"))
        await socket.next("update")
        sent_at = time.monotonic()
        redis_client().set(WORKER_KEY, 1, px=WORKER_LEASE_MS)  # as the worker does
        frame = await socket.next("heartbeat", timeout=3)
        silence = time.monotonic() - sent_at

    assert is_now(frame.pop("server_time"))
    assert frame == {
        "type": "heartbeat",
        "seq": 2,
        "session": "open",
        "feed": "live",
        "batch_at": "2026-03-10T15:00:00.000Z",
    }
    assert 0.35 < silence < 0.8


async def test_change_of_the_feed_is_sent_at_once(websocket, board, quick_hub):
    async with websocket(track("PETR4")) as socket:
        assert (await socket.next())["feed"] == "down"

        await board.set_feed(due_in_s=60)
        await wait_for_feed(socket, "live")

        await board.set_feed(due_in_s=-OVERDUE.total_seconds() - 0.1)
        await wait_for_feed(socket, "late")

        redis_client().delete(WORKER_KEY)
        await wait_for_feed(socket, "down")


async def test_frames_name_the_symbols_that_the_last_batch_did_not_reach(websocket, board):
    await board.put(petr4())
    await board.set_feed(due_in_s=60, late=("PETR4", "VALE3"))
    async with websocket(track("PETR4")) as late, websocket(track()) as other:
        assert (await late.next("snapshot"))["late"] == ["PETR4"]
        assert "late" not in await other.next("snapshot")

        await board.set_feed(due_in_s=60, late=("PETR4",))
        assert (await late.next("heartbeat"))["late"] == ["PETR4"]
        await board.set_feed(due_in_s=60)
        async with asyncio.timeout(1):
            while "late" in await late.next("heartbeat"):
                pass


async def test_feed_without_any_batch_is_late(websocket, board):
    updating.quote_board().renew_worker_lease()
    async with websocket(track("PETR4")) as socket:
        assert (await socket.next())["feed"] == "late"


@pytest.mark.parametrize(
    ("at", "session"),
    [
        ("2026-03-10T13:00:00Z", "open"),
        ("2026-03-10T12:50:00Z", "pre_open"),
        ("2026-03-08T15:00:00Z", "closed"),
    ],
)
async def test_session_follows_the_exchange(websocket, settings, time_machine, at, session):
    settings.QUOTE_KIND = "real"
    time_machine.move_to(at)
    async with websocket(TRACK) as socket:
        assert (await socket.next())["session"] == session


# Chat ----------------------------------------------------------------------------------------


async def test_message_reaches_every_socket_of_the_room(websocket, board, alice):
    text = "<script>alert(1)</script> 'ação' 🚀"
    async with (
        websocket(track(), alice) as sender,
        websocket(track()) as receiver,
        websocket(track(room="other")) as outsider,
    ):
        for socket in (sender, receiver, outsider):
            await socket.next()

        await sender.send({"type": "message", "message": f"  {text}\n"})

        for socket in (sender, receiver):
            frame = await socket.next()
            assert is_now(frame.pop("sent_at"))
            assert frame == {"type": "message", "user": "alice", "message": text}
        assert await outsider.request({"type": "ping"}) == {"type": "pong"}


async def test_chat_needs_a_login(websocket, board):
    async with websocket(TRACK) as socket:
        await socket.next()
        assert await socket.request({"type": "message", "message": "oi", "id": "c"}) == {
            "type": "error",
            "code": "login_required",
            "detail": "Entre na sua conta para conversar.",
            "id": "c",
        }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((text, "invalid") for text in ("", " \n", None, 7, ["a"])),
        *((text, "too_long") for text in ("x" * 501, "é" * 500 + "  x")),
    ],
)
async def test_chat_text_is_checked(websocket, board, alice, text, code):
    async with websocket(TRACK, alice) as socket:
        await socket.next()
        assert (await socket.request({"type": "message", "message": text}))["code"] == code


async def test_chat_accepts_one_to_five_hundred_characters(websocket, board, alice):
    async with websocket(TRACK, alice) as socket:
        await socket.next()
        for text in ("x", "é" * 500):
            assert (await socket.request({"type": "message", "message": text}))["message"] == text


async def test_chat_is_limited_per_user_over_all_tabs(websocket, board, alice, bob):
    async with (
        websocket(TRACK, alice) as first_socket,
        websocket("/ws/stock/other/", alice) as second_socket,
        websocket(TRACK, bob) as other,
    ):
        for socket in (first_socket, second_socket, other):
            await socket.next()
        for n in range(5):
            socket = (first_socket, second_socket)[n % 2]
            frame = await socket.request({"type": "message", "message": str(n)})
            assert frame["type"] == "message"

        for socket in (first_socket, second_socket):
            frame = await socket.request({"type": "message", "message": "6", "id": 6})
            assert (frame["code"], frame["id"]) == ("rate_limited", 6)
            assert 5 < frame["retry_after_s"] <= 10
        for _ in range(3):
            await other.next("message")
        assert (await other.request({"type": "message", "message": "oi"}))["user"] == "bob"


async def test_chat_is_unavailable_without_its_limiter(websocket, alice, monkeypatch):
    monkeypatch.setattr(redis_store._Outage, "until", float("inf"))
    async with websocket(TRACK, alice) as socket:
        await socket.next("snapshot")
        frame = await socket.request({"type": "message", "message": "oi", "id": 1})

    assert (frame["code"], frame["id"]) == ("unavailable", 1)


# Independence and cost -----------------------------------------------------------------------


async def test_second_tab_survives_when_the_first_closes(websocket, board, alice):
    async with websocket(track("PETR4"), alice) as second_socket:
        await second_socket.next()
        async with websocket(track("PETR4", "VALE3"), alice) as first_socket:
            await first_socket.next()
            await first_socket.request({"type": "unsubscribe", "symbols": ["PETR4"]})
        await board.put(petr4())

        assert list((await second_socket.next("update"))["quotes"]) == ["PETR4"]


async def test_hostile_client_does_not_affect_others(websocket, board, caplog):
    caplog.set_level(logging.INFO)
    rows = [await model.objects.acount() for model in (Stock, LastQuote, Candle, Session)]
    async with websocket(track("PETR4")) as good, websocket(track("PETR4")) as evil:
        await good.next()
        await evil.next()
        hostile = [b"\x00", "[", '{"type":"subscribe","symbols":[1]}', "[" * 60_000, "é" * 40_000]
        hostile += ['{"type":"nonsense"}', '{"type":"message","message":"<script>"}']
        for frame in hostile * 16:
            await evil.send(frame)
        assert await evil.closed() == 4408
        assert quote_hub().subscribers.by_symbol["PETR4"].__len__() == 1

        await board.put(petr4())

        assert (await good.next())["seq"] == 1
    assert rows == [await model.objects.acount() for model in (Stock, LastQuote, Candle, Session)]
    assert [record for record in caplog.records if record.exc_info] == []


async def test_disconnect_removes_all_subscriptions(websocket, board):
    async with (
        websocket(track("PETR4", "VALE3")) as first_socket,
        websocket(track("PETR4")) as second_socket,
    ):
        await first_socket.next()
        await second_socket.next()
        hub = quote_hub()
        await first_socket.disconnect()
        assert (set(hub.subscribers.by_symbol), hub.subscribers.wanted.counts) == (
            {"PETR4"},
            {"PETR4": 1},
        )
        assert set(hub.subscribers.by_room) == {"track"}
    assert (
        hub.subscribers.sockets,
        hub.subscribers.by_symbol,
        hub.subscribers.by_room,
        hub.subscribers.wanted.counts,
    ) == (set(), {}, {}, {})


async def test_connect_needs_two_queries_and_frames_none(websocket, board, alice, queries):
    async with websocket(TRACK) as first:  # loads the catalogue
        await first.next()
    async with AsyncExitStack() as stack:
        opening = websocket(track("PETR4", "VALE3"), alice)
        socket = await stack.enter_async_context(opening)
        # The test's log-in writes; the handshake only reads.
        await socket.next()
        reads = [sql for sql in queries if "django_session" in sql or "accounts_user" in sql]
        assert [sql[:6] for sql in reads[-2:]] == ["SELECT", "SELECT"]
        queries.clear()

        await board.put(petr4())
        await socket.next("update")
        await socket.request({"type": "subscribe", "symbols": ["ITUB4"]})
        await socket.request({"type": "unsubscribe", "symbols": ["ITUB4"]})
        await socket.request({"type": "message", "message": "oi"})
        await socket.disconnect()
        assert queries == []


async def test_connect_needs_at_most_two_queries(websocket, board, alice, queries):
    async with websocket(TRACK, alice) as first:
        await first.next()
        queries.clear()
        async with websocket(TRACK, cookie=cookie_of(first)) as second:
            await second.next()
            assert [sql[:6] for sql in queries] == ["SELECT", "SELECT"]
            assert (await second.request({"type": "message", "message": "oi"}))["user"] == "alice"
        queries.clear()
        async with websocket(TRACK) as anonymous:
            await anonymous.next()
        assert queries == []


def cookie_of(socket):
    return dict(socket.scope["headers"])[b"cookie"].decode()


async def test_fifty_simultaneous_connects_need_two_queries(websocket, board, alice, queries):
    async with websocket(TRACK, alice) as first, AsyncExitStack() as stack:
        await first.next()
        queries.clear()
        cookie = cookie_of(first)
        opening = [websocket(track("PETR4"), cookie=cookie) for _ in range(50)]
        sockets = await asyncio.gather(
            *(stack.enter_async_context(first_socket) for first_socket in opening)
        )

        assert [(await socket.next())["limit"] for socket in sockets] == [200] * 50
        assert len(queries) == 2


async def test_slow_database_call_does_not_delay_updates(websocket, board, monkeypatch):
    monkeypatch.setattr("mainapp.market.consumers.shared.load_catalogue", slow_catalogue)
    async with websocket(track("PETR4")) as socket:
        await socket.next()
        catalogue_cache()._loaded_at = -1e9
        request = {"type": "subscribe", "symbols": ["VALE3"]}
        assert (await socket.request(request))["pending"] == ["VALE3"]  # reloads in the background

        started = time.monotonic()
        await board.put(petr4())
        await socket.next("update")

        assert time.monotonic() - started < 0.3


def slow_catalogue():
    from mainapp.market.selectors.catalogue import load_catalogue  # noqa: PLC0415 - the name in `shared` is replaced

    if slow_catalogue.calls:
        time.sleep(0.5)
    slow_catalogue.calls += 1
    return load_catalogue()


slow_catalogue.calls = 0


# Watchlists -----------------------------------------------------------------------------------


async def test_all_sockets_of_a_user_get_a_frame_when_lists_change(websocket, board, alice, bob):
    async with (
        websocket(TRACK, alice) as tab,
        websocket("/ws/stock/other/", alice) as device,
        websocket(TRACK, bob) as stranger,
        websocket(TRACK) as anonymous,
    ):
        for socket in (tab, device, stranger, anonymous):
            await socket.next()

        await query(create_list, owner=alice, name="Um", symbols=["PETR4"])

        assert await tab.next() == {"type": "lists"}
        assert await device.next() == {"type": "lists"}
        for socket in (stranger, anonymous):
            assert await socket.request({"type": "ping"}) == {"type": "pong"}


# The home page's ranking ---------------------------------------------------------------------


async def test_home_room_gets_the_ranking_and_leases_its_symbols(websocket, board):
    await query(MembershipFactory, stock=await Stock.objects.aget(symbol="PETR4"))
    await board.put(petr4())
    async with websocket(track(room="home")) as socket:
        assert (await socket.next())["type"] == "snapshot"
        frame = await socket.next()
        assert (frame["type"], frame["seq"]) == ("ranking", 1)
        assert (frame["traded"], frame["gainers"], frame["losers"]) == (["PETR4"], ["PETR4"], [])
        assert frame["quotes"] == {"PETR4": PETR4}
        assert frame["changes"] == {"PETR4": PETR4["change_pct"]}
        hub = quote_hub()
        assert hub.subscribers.wanted.counts == {"PETR4": 1}

        await board.put(petr4("38.00"))

        frame = await socket.next()
        assert (frame["type"], frame["seq"], frame["losers"]) == ("ranking", 2, ["PETR4"])
    assert hub.subscribers.wanted.counts == {}


async def test_home_room_names_the_late_symbols_among_those_that_it_ranks(websocket, board):
    await query(MembershipFactory, stock=await Stock.objects.aget(symbol="PETR4"))
    await board.set_feed(due_in_s=60, late=("PETR4", "VALE3"))
    async with websocket(track(room="home")) as home, websocket(track()) as other:
        assert (await home.next("snapshot"))["late"] == ["PETR4"]
        assert "late" not in await other.next("snapshot")

        await board.set_feed(due_in_s=59, late=("PETR4",))
        assert (await home.next("heartbeat"))["late"] == ["PETR4"]
