"""The three sockets of a page (prices, a room, the bell) when networks, servers and clocks fail."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, WebSocketRoute, expect

from tests.e2e.conftest import ARGUMENTS, BROWSERS, TIMEOUT_MS, chromium_path
from tests.e2e.people import log_in_new_user, post_form
from tests.e2e.proxy import Proxy
from tests.e2e.shell import Shell
from tests.e2e.test_conversations import row, start_conversation
from tests.e2e.test_forum import (
    create_room,
    log_in,
    message_bodies,
    wait_until_room_is_live,
    write_message,
)
from tests.e2e.test_notifications import notify_code
from tests.instances import Instance

STALE_MS = 3_500  # 2.6 s of silence, and a margin for polling
SOCKETS = ("/ws/stock/", "/ws/room/", "/ws/notifications/")
WATCHED = "/stocktracker?stockpicker=PETR4&stockpicker=VALE3"


@pytest.fixture
def proxy(site: Instance) -> Iterator[Proxy]:
    started = Proxy(site.url)
    yield started
    started.close()


@pytest.fixture
def new_context(browser: Browser, proxy: Proxy) -> Iterator[Callable[..., BrowserContext]]:
    """Return `new_context(**options)`: a browser profile whose connections use the proxy."""
    contexts: list[BrowserContext] = []

    def new(by: Browser = browser, **options: Any) -> BrowserContext:
        context = by.new_context(base_url=proxy.url, locale="pt-BR", **options)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        return context

    yield new
    for context in contexts:
        context.close()


class Visit:
    """A member's page of a room with a stock: prices, room and bell."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.opened: list[str] = []  # the paths of the sockets that the page opened
        page.on("websocket", self._note)
        self.name = log_in(page)
        self.path = create_room(page, stock="PETR4")
        self.wait_until_live()

    @property
    def feed(self) -> Any:
        return self.page.locator("[data-market-status] .badge-feed")

    @property
    def status(self) -> Any:
        return self.page.locator("[data-connection-status]")

    def wait_until_live(self) -> None:
        wait_until_room_is_live(self.page)
        expect(self.feed).to_have_text("Ao vivo")
        self.page.locator("[data-bell][data-ready]").wait_for()

    def wait_until_reopened(self) -> None:
        """Wait until each of the three sockets was opened again."""
        for path in SOCKETS:
            before = self.before.count(path)
            while self.opened.count(path) <= before:
                self.page.wait_for_event("websocket")

    def start_counting(self) -> None:
        self.before = list(self.opened)

    def _note(self, socket: WebSocket) -> None:
        self.opened.extend(path for path in SOCKETS if path in socket.url)


@pytest.fixture
def member(new_context: Callable[..., BrowserContext]) -> Visit:
    return Visit(new_context().new_page())


class Friend:
    """Another member, without the proxy, who writes into the room and causes notifications."""

    def __init__(self, page: Page, shell: Shell) -> None:
        self.page = page
        self._shell = shell
        log_in(page)

    def write(self, visit: Visit, text: str) -> None:
        if visit.path not in self.page.url:
            self.page.goto(visit.path)
        wait_until_room_is_live(self.page)
        write_message(self.page, text)
        expect(message_bodies(self.page).last).to_have_text(text)
        self._shell(notify_code(visit.name, text))


@pytest.fixture
def friend(browser: Browser, site: Instance, shell: Shell) -> Iterator[Friend]:
    context = browser.new_context(base_url=site.url, locale="pt-BR")
    context.set_default_timeout(TIMEOUT_MS)
    yield Friend(context.new_page(), shell)
    context.close()


def expect_all_sockets_live(visit: Visit, friend: Friend, text: str) -> None:
    """Expect the friend's message, its notification, and live prices on the member's page."""
    friend.write(visit, text)
    expect(message_bodies(visit.page).last).to_contain_text(text)
    toast = visit.page.locator(".toast", has_text=text)
    expect(toast).to_be_visible()
    expect(visit.feed).to_have_text("Ao vivo")
    price = visit.page.locator(".room-stock [data-field=price]")
    expect(price).not_to_have_text(price.inner_text())
    expect(visit.status.locator(":visible")).to_have_count(0)


def test_silently_dead_connections_are_noticed_and_replaced(member, friend, proxy):
    member.start_counting()
    proxy.freeze()
    expect(member.feed).to_have_text(re.compile(r"Desatualizado há \d+ s: ."), timeout=STALE_MS)

    member.wait_until_reopened()

    expect_all_sockets_live(member, friend, "de volta")


def test_message_sent_into_a_dead_connection_arrives_once(member, proxy):
    write_message(member.page, "antes")
    expect(message_bodies(member.page)).to_have_text(["antes"])
    proxy.freeze("/ws/room/")
    write_message(member.page, "durante")
    expect(member.page.locator(".msg.pending")).to_contain_text("durante")
    expect(member.page.locator(".msg.pending")).to_have_count(0)

    member.page.reload()
    expect(message_bodies(member.page)).to_have_text(["antes", "durante"])


def test_all_sockets_reconnect_after_the_server_is_killed(member, friend, site):
    member.start_counting()
    site.child("pregao: web").kill()
    expect(member.feed).to_have_text(re.compile("^Desatualizado"), timeout=STALE_MS)

    member.wait_until_reopened()

    member.wait_until_live()
    expect_all_sockets_live(member, friend, "renascido")


def test_message_can_be_sent_after_a_short_offline_period(member):
    member.page.context.set_offline(True)
    member.page.context.set_offline(False)
    write_message(member.page, "logo depois")
    expect(message_bodies(member.page)).to_have_text(["logo depois"])
    expect(member.page.locator(".msg.pending")).to_have_count(0)


def test_messages_written_offline_are_sent_once_when_the_network_is_back(member, friend, proxy):
    page = member.page
    member.start_counting()
    proxy.freeze()
    page.context.set_offline(True)
    expect(member.feed).to_contain_text("você está sem internet")
    for text in ("um", "dois"):
        write_message(page, text)
    expect(page.locator(".msg.pending")).to_have_count(2)
    expect(page.locator(".msg.pending").first).to_contain_text("espera a conexão…")

    page.context.set_offline(False)

    expect(message_bodies(page)).to_have_text(["um", "dois"])
    expect(page.locator(".msg.pending")).to_have_count(0)
    expect_all_sockets_live(member, friend, "bem-vinda")
    page.reload()
    expect(message_bodies(page)).to_have_text(["um", "dois", re.compile("bem-vinda")])


def test_page_shows_that_the_bell_is_offline(new_context, proxy):
    page = new_context().new_page()
    log_in(page)
    page.goto("/privacy/")
    page.locator("[data-bell][data-ready]").wait_for()
    proxy.freeze()
    page.context.set_offline(True)
    status = page.locator("[data-connection-status]")
    expect(status.get_by_text("Você está sem internet")).to_be_visible()
    page.context.set_offline(False)
    expect(status.locator(":visible")).to_have_count(0)


def test_conversations_show_what_they_missed_without_a_connection(new_context, proxy):
    bob, alice = (new_context().new_page() for _ in range(2))
    bob_name = log_in_new_user(bob, "/conversas/")
    alice_name = log_in_new_user(alice, "/forum/")
    room = start_conversation(alice, bob_name)
    post_form(alice, room, body="um")
    shown = row(bob, alice_name)
    expect(shown.locator("[data-part=count]")).to_have_text("1")

    proxy.freeze(SOCKETS[2])
    bob.context.set_offline(True)
    expect(bob.get_by_text("Você está sem internet")).to_be_visible()
    post_form(alice, room, body="dois")
    bob.context.set_offline(False)

    expect(shown.locator("[data-part=count]")).to_have_text("2")
    expect(shown.locator("[data-part=last]")).to_have_text("dois")


def test_handshake_without_an_answer_does_not_block_the_next_one(new_context, proxy):
    page = new_context().new_page()
    log_in(page)
    page.locator("[data-bell][data-ready]").wait_for()
    proxy.drops_handshakes = True
    with page.expect_websocket(lambda socket: SOCKETS[2] in socket.url):
        page.goto("/privacy/")
    proxy.drops_handshakes = False

    page.locator("[data-bell][data-ready]").wait_for()


@pytest.fixture
def caching_browser(browser: Browser) -> Iterator[Browser]:
    """A browser with the back/forward cache, which Playwright and the headless shell lack."""
    started = browser.browser_type.launch(
        executable_path=chromium_path(BROWSERS),
        args=ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield started
    started.close()


def test_page_is_live_after_going_back_to_it(caching_browser, new_context, friend, proxy):
    """From the back/forward cache or, as the page is not to be stored, from the server."""
    member = Visit(new_context(caching_browser).new_page())
    member.page.goto("/privacy/")
    friend.write(member, "enquanto isso")
    member.page.go_back(wait_until="commit")

    expect(message_bodies(member.page).last).to_contain_text("enquanto isso")
    expect_all_sockets_live(member, friend, "de novo")


def test_frozen_tab_is_up_to_date_when_it_resumes(member, friend, proxy):
    session = member.page.context.new_cdp_session(member.page)
    member.start_counting()
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    proxy.freeze()
    friend.write(member, "enquanto dormias")
    session.send("Page.setWebLifecycleState", {"state": "active"})

    member.wait_until_reopened()

    expect(message_bodies(member.page)).to_contain_text(["enquanto dormias"])
    expect_all_sockets_live(member, friend, "acordada")


def expect_new_bell_connection(page: Page, event: str) -> None:
    """Expect the bell to reconnect before its limit of silence (10 s + 4 s) has passed."""
    with page.expect_websocket(lambda socket: SOCKETS[2] in socket.url, timeout=9_000):
        page.evaluate(event)


def test_dead_connection_is_detected_within_seconds_when_the_tab_is_shown(new_context, proxy):
    page = new_context().new_page()
    page.clock.install()
    Visit(page)
    proxy.freeze()
    page.clock.fast_forward(4_000)

    # Headless tabs are never hidden, so the event of a tab that is shown again is dispatched here.
    expect_new_bell_connection(page, "document.dispatchEvent(new Event('visibilitychange'))")


def test_connections_are_replaced_after_the_computer_slept(new_context, friend, proxy):
    page = new_context().new_page()
    page.clock.install()
    member = Visit(page)
    member.start_counting()
    proxy.freeze()
    page.clock.fast_forward(3_600_000)

    member.wait_until_reopened()

    expect_all_sockets_live(member, friend, "bom dia")


CLOCK = """
(() => {
  const RealDate = Date;
  let shiftMs = 0;
  window.shiftClock = (hours) => (shiftMs = hours * 3_600_000);
  window.Date = class extends RealDate {
    constructor(...given) {
      if (given.length) super(...given);
      else super(RealDate.now() + shiftMs);
    }
    static now() { return RealDate.now() + shiftMs; }
  };
})();
"""
AGE = re.compile(r"^(agora|há \d+ s)$")
# Records every displayed age: a wrong one would last only until a frame with the server's time.
RECORD_AGES = """(cell) => {
    window.ages = [cell.textContent];
    new MutationObserver(() => window.ages.push(cell.textContent))
        .observe(cell, { childList: true, characterData: true, subtree: true });
}"""


@pytest.mark.parametrize("hours", [5, -5])
def test_ages_do_not_depend_on_the_clock_of_the_browser(new_context, hours):
    context = new_context()
    context.add_init_script(CLOCK)
    page = context.new_page()
    page.goto(WATCHED)
    feed = page.locator("[data-market-status] .badge-feed")
    age = page.locator("tr[data-symbol=PETR4] [data-field=age]")
    price = page.locator("tr[data-symbol=PETR4] [data-field=price]")
    expect(age).to_have_text(AGE)
    age.evaluate(RECORD_AGES)
    for shift in (hours, 0):
        page.evaluate(f"shiftClock({shift})")
        for _twice in range(2):  # prices change once a second, as often as ages are redrawn
            expect(price).not_to_have_text(price.inner_text())
        expect(feed).to_have_text("Ao vivo")
    assert [shown for shown in page.evaluate("ages") if not AGE.match(shown)] == []


def test_page_that_opens_with_a_wrong_clock_shows_right_ages(new_context):
    context = new_context()
    context.add_init_script(CLOCK + "shiftClock(-5);")
    page = context.new_page()
    page.route_web_socket(re.compile("/ws/stock/"), lambda socket: None)  # never answers
    page.goto(WATCHED)
    page.locator("[data-tracker][data-ready]").wait_for()
    expect(page.locator("tr[data-symbol=PETR4] [data-field=age]")).to_have_text(AGE)


STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")


@pytest.mark.parametrize("hours", [5, -5])
def test_prices_stay_live_when_the_servers_clock_is_set(new_context, hours):
    """Every time in the frames jumps by hours, as after the server's clock was set."""
    shift = timedelta()

    def shift_stamp(match: re.Match[str]) -> str:
        return (datetime.fromisoformat(match.group()) + shift).isoformat()

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: socket.send(STAMP.sub(shift_stamp, str(frame))))

    page = new_context().new_page()
    page.route_web_socket(re.compile("/ws/stock/"), connect)
    page.goto(WATCHED)
    feed = page.locator("[data-market-status] .badge-feed")
    expect(feed).to_have_text("Ao vivo")
    row = page.locator("tr[data-symbol=PETR4]")
    price = row.locator("[data-field=price]")
    line = row.locator(".spark-line")
    for moment in (timedelta(hours=hours), timedelta()):
        shift = moment
        for _twice in range(2):
            expect(price).not_to_have_text(price.inner_text())
        expect(row.locator("[data-field=age]")).to_have_text(AGE)
        expect(line).not_to_have_attribute("d", line.get_attribute("d"))
        expect(feed).to_have_text("Ao vivo")


def test_a_price_that_the_last_batch_did_not_reach_is_marked(new_context):
    is_late = True

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def forward(text: object) -> None:
            frame = json.loads(str(text))
            socket.send(json.dumps(frame | {"late": ["PETR4"]} if is_late else frame))

        server.on_message(forward)

    page = new_context().new_page()
    page.route_web_socket(re.compile("/ws/stock/"), connect)
    page.goto(WATCHED)
    late, other = (page.locator(f"tr[data-symbol={name}]") for name in ("PETR4", "VALE3"))
    age = late.locator("[data-field=age]")
    expect(late).to_have_attribute("data-late", "")
    expect(age).to_have_attribute("data-delay", "atrasado")
    expect(other).not_to_have_attribute("data-late", "")

    is_late = False
    expect(late).not_to_have_attribute("data-late", "")
    expect(age).not_to_have_attribute("data-delay", "atrasado")


def test_stale_age_is_right_after_the_servers_clock_was_set_back(new_context, proxy):
    """A feed that stops after the jump shows its age, instead of `há 1 s` for five hours."""
    stamp = re.compile(r'"(server_time|batch_at)":"20\d\d-\d\d-\d\dT(\d\d)')
    jumped = False

    def shift_hour(match: re.Match[str]) -> str:
        hour = (int(match[2]) - 5) % 24 if jumped else int(match[2])
        return f"{match[0][:-2]}{hour:02d}"

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: socket.send(stamp.sub(shift_hour, str(frame))))

    page = new_context().new_page()
    page.route_web_socket(re.compile("/ws/stock/"), connect)
    page.goto(WATCHED)
    feed = page.locator("[data-market-status] .badge-feed")
    expect(feed).to_have_text("Ao vivo")
    jumped = True
    price = page.locator("tr[data-symbol=PETR4] [data-field=price]")
    for _twice in range(2):
        expect(price).not_to_have_text(price.inner_text())
    proxy.freeze()
    expect(feed).to_have_text(re.compile(r"Desatualizado há [3-9] s"), timeout=8_000)


def test_ended_session_is_shown_once_and_the_bell_does_not_reconnect(member):
    member.start_counting()
    elsewhere = member.page.context.new_page()
    elsewhere.goto("/forum/")
    elsewhere.locator("[data-account] > button").click()
    elsewhere.get_by_role("button", name="Sair").click()
    link = member.page.get_by_role("link", name="Sua sessão terminou: entre de novo")
    expect(link).to_have_count(1)
    expect(link).to_be_visible()

    # Prices and room reconnect as an anonymous visitor's; by then the bell would have, too.
    while {"/ws/stock/", "/ws/room/"} - set(member.opened[len(member.before) :]):
        member.page.wait_for_event("websocket")
    expect(member.feed).to_have_text("Ao vivo")
    expect(member.page.get_by_label("Mensagem", exact=True)).to_be_hidden()
    member.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert "/ws/notifications/" not in member.opened[len(member.before) :]


@pytest.mark.parametrize(("code", "text"), [(4404, "não existe mais"), (4408, "recarregue")])
def test_final_close_codes_are_shown_without_reconnecting(new_context, code, text):
    page = new_context().new_page()
    log_in(page)
    opened: list[WebSocketRoute] = []

    def connect(socket: WebSocketRoute) -> None:
        opened.append(socket)
        socket.close(code=code)

    page.route_web_socket(re.compile("/ws/notifications/"), connect)
    page.goto("/privacy/")
    expect(page.locator("[data-connection-status]")).to_contain_text(text)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert len(opened) == 1


def test_client_reconnects_soon_to_a_restarting_server(new_context):
    page = new_context().new_page()
    opened: list[WebSocketRoute] = []

    def connect(socket: WebSocketRoute) -> None:
        opened.append(socket)
        if len(opened) == 1:
            socket.close(code=1012)
        else:
            socket.connect_to_server()

    page.route_web_socket(re.compile("/ws/stock/"), connect)
    page.goto(WATCHED)
    feed = page.locator("[data-market-status] .badge-feed")
    expect(feed).to_have_text("Ao vivo")
    assert len(opened) == 2
