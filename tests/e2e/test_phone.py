"""The installed site in a real browser: service worker, offline page, web push.

No real push service is reached: Chromium's `pushManager.subscribe` waits for its vendor's. The test
makes the subscription, and DevTools deliver what a push service would.
"""

import json

import pytest
from playwright.sync_api import expect

from mainapp.notifications.tests.transports.browsers import PushBrowser
from tests.e2e.conftest import ARGUMENTS, BLANK, BROWSERS, chromium_path
from tests.e2e.people import log_in_new_user
from tests.instances import wait_for

# Workers start late on a busy machine.
pytestmark = pytest.mark.timeout(120)

ALLOW = {"service_workers": "allow", "permissions": ["notifications"]}
DEVICE_URL = "/notifications/channels/this-device/"
SUBSCRIBE = """
const made = %s;
let current = null;
const subscription = { endpoint: made.endpoint, options: {}, toJSON: () => made,
  unsubscribe: async () => { current = null; return true; } };
PushManager.prototype.getSubscription = async () => current;
PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
  const text = atob(applicationServerKey.replaceAll("-", "+").replaceAll("_", "/"));
  subscription.options.applicationServerKey = Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer;
  return (current = subscription);
};
"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  const shown = await registration.getNotifications();
  return shown.map(({ title, body, tag, actions }) => ({ title, body, tag, actions }));
}"""
CLICK = """async (action) => {
  const [notification] = await self.registration.getNotifications();
  const opened = [];
  self.clients.openWindow = async (url) => void opened.push(url);
  const done = [];
  const event = new NotificationEvent("notificationclick", { notification, action });
  event.waitUntil = (promise) => done.push(promise);
  self.dispatchEvent(event);
  await Promise.all(done);
  return opened;
}"""
MAKE_ALERT = """
from mainapp.accounts.models import User
from mainapp.alerts.tests.factories import make_alert
make_alert(User.objects.get(username={person!r}), compra="1.00")
"""
CHECK_ALERT = """
from mainapp.alerts.models import Alert
assert Alert.objects.get(pk={pk}).status == {status!r}
"""


def wait_for_worker(page):
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    code = "navigator.serviceWorker.controller !== null"
    wait_for(lambda: page.evaluate(code), 40, "a page with a worker")


def new_alert(page, shell, person):
    """Create an alert of the user who is logged in to the page; return its key."""
    shell(MAKE_ALERT.format(person=person))
    return page.request.get("/api/v1/alerts/").json()["results"][0]["id"]


class Pushes:
    """Delivers messages to the page's service worker, by DevTools."""

    def __init__(self, page):
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._ids = []
        self._session.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._ids.extend(row["registrationId"] for row in event["registrations"]),
        )
        self._session.send("ServiceWorker.enable")

    def deliver(self, **message):
        wait_for(lambda: self._page.evaluate("1") and self._ids, 10, "the worker's registration")
        self._session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self._page.url.split("/", 3)[0] + "//" + self._page.url.split("/", 3)[2],
                "registrationId": self._ids[0],
                "data": json.dumps(message),
            },
        )


def worker_of(page):
    return wait_for(
        lambda: page.evaluate("1") and page.context.service_workers, 10, "the service worker"
    )[0]


def shown(page, is_done=len):
    """Return the notifications that the browser shows, once `is_done` accepts them."""
    return wait_for(
        lambda: (notes := page.evaluate(SHOWN)) and is_done(notes) and notes, 40, "a note"
    )


@pytest.fixture(scope="module")
def browser(playwright):
    """The whole browser: the headless shell denies notifications."""
    started = playwright.chromium.launch(executable_path=chromium_path(BROWSERS), args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture
def tab(open_page):
    page = open_page(BLANK, **ALLOW)
    page.person = log_in_new_user(page, "/privacy/")
    wait_for_worker(page)
    return page


def test_device_is_switched_on_named_and_forgotten_at_the_log_out(open_page, shell):
    page = open_page(BLANK, **ALLOW)
    browser = PushBrowser()
    keys = {"p256dh": browser.p256dh, "auth": browser.auth}
    made = {"endpoint": "https://93.184.215.14/send/1", "keys": keys}
    page.add_init_script(SUBSCRIBE % json.dumps(made))
    log_in_new_user(page, "/notifications/channels/")
    page.get_by_role("button", name="Ligar neste aparelho").click()

    expect(page.locator(".channel").filter(has_text="este aparelho")).to_contain_text("Chrome")
    page.get_by_role("link", name="Este site, num aparelho").click()
    page.get_by_label("Nome do aparelho").fill("Celular da Ana")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".channel-address")).to_contain_text("Celular da Ana")

    page.goto("/logout/")
    page.locator("main").get_by_role("button", name="Sair").click()
    expect(page.locator("body:not([data-member])")).to_be_attached()
    shell(
        "from mainapp.notifications.models import Channel;"
        "assert not Channel.objects.filter(kind='push').exists()"
    )
    code = "localStorage.getItem('push.owner') === null"
    wait_for(lambda: page.evaluate(code), 20, "a browser that forgot its owner")


def test_tap_opens_the_alert(tab):
    Pushes(tab).deliver(title="PETR4 atingiu um limite seu", url="/alerts/7/", tag="alert.7")
    [note] = shown(tab)
    assert (note["title"], note["tag"]) == ("PETR4 atingiu um limite seu", "alert.7")
    assert worker_of(tab).evaluate(CLICK, "") == [tab.url.replace("/privacy/", "/alerts/7/")]


def test_later_message_of_an_alert_replaces_the_earlier(tab):
    pushes = Pushes(tab)
    pushes.deliver(title="um", tag="alert.7")
    shown(tab)
    pushes.deliver(title="dois", tag="alert.7")
    assert len(shown(tab, lambda notes: notes[0]["title"] == "dois")) == 1


def test_owner_silences_the_alert_from_the_notification(tab, shell):
    pk = new_alert(tab, shell, tab.person)
    silence = {"silence": f"/api/v1/alerts/{pk}/pause/", "silence_label": "Silenciar"}
    Pushes(tab).deliver(title="PETR4", url=f"/alerts/{pk}/", silenced="Silenciado.", **silence)
    [note] = shown(tab)
    assert [row["title"] for row in note["actions"]] == ["Silenciar"]

    assert worker_of(tab).evaluate(CLICK, "silence") == []
    shown(tab, lambda notes: notes[0]["body"] == "Silenciado.")
    shell(CHECK_ALERT.format(pk=pk, status="paused"))


@pytest.mark.parametrize("reader", ["stranger", "other"])
def test_nobody_else_silences_the_alert(open_page, shell, reader):
    page = open_page(BLANK, **ALLOW)
    owner = log_in_new_user(page, "/privacy/")
    wait_for_worker(page)  # a page that is left while the worker starts may miss its claim
    pk = new_alert(page, shell, owner)
    page.context.clear_cookies()
    if reader == "other":
        log_in_new_user(page, "/privacy/")
    page.goto("/privacy/")
    wait_for_worker(page)
    silence = {"silence": f"/api/v1/alerts/{pk}/pause/", "silence_label": "Silenciar"}
    Pushes(page).deliver(title="PETR4", url=f"/alerts/{pk}/", **silence)
    shown(page)

    assert worker_of(page).evaluate(CLICK, "silence") == [
        page.url.replace("/privacy/", f"/alerts/{pk}/")
    ]
    shell(CHECK_ALERT.format(pk=pk, status="active"))


def test_page_without_a_connection_shows_the_last_list_as_old(open_page):
    open_page("/stocktracker?stockpicker=PETR4")
    tab = open_page(BLANK, **ALLOW)
    wait_for(lambda: "PETR4" in tab.request.get("/offline/").text(), 30, "a price")
    tab.person = log_in_new_user(tab, "/privacy/")
    wait_for_worker(tab)
    tab.context.set_offline(True)
    tab.goto("/alerts/")
    expect(tab.get_by_role("heading", name="Sem conexão")).to_be_visible()
    expect(tab.locator(".banner")).to_contain_text("Estes preços não são de agora")
    expect(tab.locator("html")).to_have_attribute("data-prices", "stale")
    expect(tab.get_by_role("row", name="PETR4")).to_be_visible()
    tab.set_viewport_size({"width": 360, "height": 740})
    cell = tab.get_by_role("row", name="PETR4").locator("time").bounding_box()
    assert cell["x"] + cell["width"] <= 360
    assert tab.person not in tab.content()
    assert tab.evaluate(
        "document.fonts.ready.then(() => getComputedStyle(document.body).fontFamily)"
    )

    tab.context.set_offline(False)
    tab.get_by_role("link", name="Tentar de novo").click()
    expect(tab.get_by_role("heading", name="Alertas", exact=True)).to_be_visible()


def test_browser_keeps_the_offline_page_and_its_assets_and_no_page_of_a_reader(tab):
    for path in ("/", "/alerts/", "/carteira", "/notifications/"):
        tab.goto(path)
    names = tab.evaluate("caches.keys()")
    assert len(names) == 1
    kept = tab.evaluate(
        "async ([name]) => (await (await caches.open(name)).keys())"
        ".map((request) => new URL(request.url).pathname)",
        names,
    )
    assert [path for path in kept if not path.startswith("/static/")] == ["/offline/"]
    page = tab.evaluate("caches.match('/offline/').then((r) => r.text())")
    assert tab.person not in page


def test_new_version_replaces_the_cache_of_the_old_one(tab):
    tab.evaluate("caches.open('pregao-older').then((c) => c.put('/x', new Response('old')))")
    tab.evaluate("navigator.serviceWorker.getRegistration().then((r) => r.unregister())")
    tab.reload()
    wait_for_worker(tab)
    code = "caches.keys().then((names) => !names.includes('pregao-older'))"
    wait_for(lambda: tab.evaluate(code), 20, "a browser without the old cache")
    assert len(tab.evaluate("caches.keys()")) == 1
