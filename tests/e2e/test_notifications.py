"""The bell, the toast and the list of notifications in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import isolated, log_in_new_user
from tests.e2e.phone import PHONE, WIDTH, content_widths


@pytest.fixture
def tab(open_page):
    """Return a logged-in user's tab; `tab.person` is the user's name."""
    page = open_page(BLANK)
    page.person = log_in_new_user(page, "/notifications/")
    wait_for_bell(page)
    return page


def wait_for_bell(page):
    """Wait until the bell is connected: earlier notifications are counted, but not shown."""
    page.locator("[data-bell][data-ready]").wait_for()


def notify_code(person, title):
    """Return the code that notifies a user, for the Django shell."""
    return f"""
from mainapp.accounts.models import User
from mainapp.notifications.services.notices import notify
user = User.objects.get(username={person!r})
notify(user=user, kind="alert", title={title!r}, url="/graph?ticker=PETR4")
"""


def test_notification_reaches_every_tab_and_is_marked_read_in_all(tab, shell):
    other = tab.context.new_page()
    other.goto("/privacy/")
    wait_for_bell(other)
    expect(tab.get_by_text("Nenhuma notificação", exact=True)).to_be_visible()
    shell(notify_code(tab.person, "PETR4 caiu a R$ 36,00"))

    for page in (tab, other):
        expect(page.locator(".toast")).to_contain_text("PETR4 caiu a R$ 36,00")
        expect(page.locator(".bell-count")).to_have_text("1")
    expect(tab.locator(".inbox-item")).to_have_count(1)
    expect(other.locator("[data-bell]")).to_have_accessible_name("Notificações: 1 não lida")

    tab.get_by_role("button", name="Marcar como lidas").click()
    for page in (tab, other):
        expect(page.locator(".bell-count")).to_be_hidden()


def test_list_has_a_notification_from_before_the_bell_connected(tab, shell):
    def connect(socket):
        shell(notify_code(tab.person, "cedo"))  # after the page was rendered with an empty list
        socket.connect_to_server()

    tab.route_web_socket("**/ws/notifications/", connect)
    tab.goto("/notifications/")

    expect(tab.locator(".inbox-item")).to_have_count(1)


def test_opened_notification_is_read_and_a_deleted_one_disappears(tab, shell):
    shell(notify_code(tab.person, "um") + notify_code(tab.person, "dois"))
    expect(tab.locator(".inbox-item")).to_have_count(2)
    tab.locator(".inbox-item a", has_text="dois").click()
    tab.wait_for_url("**/graph?ticker=PETR4")
    expect(tab.locator(".bell-count")).to_have_text("1")

    tab.locator("[data-bell]").click()
    tab.get_by_role("dialog").get_by_role("link", name="Ver todas").click()
    tab.get_by_role("link", name=f"Apagar: {isolated('um')}").click()
    tab.get_by_role("main").get_by_role("button", name="Apagar").click()
    expect(tab.locator(".inbox-item")).to_have_count(1)
    expect(tab.locator(".bell-count")).to_be_hidden()


def test_popover_of_the_bell_shows_the_newest_and_returns_the_focus(tab, shell):
    tab.goto("/privacy/")
    wait_for_bell(tab)
    bell, popover = tab.locator("[data-bell]"), tab.get_by_role("dialog", name="Notificações")
    requests = []
    tab.on("request", lambda request: requests.append(request.url))

    bell.focus()
    tab.keyboard.press("Enter")
    expect(popover).to_contain_text("Nada por aqui ainda")
    expect(bell).to_have_attribute("aria-expanded", "true")
    assert [url.rpartition("/notifications/")[2] for url in requests] == ["latest/"]
    shell(notify_code(tab.person, "um") + notify_code(tab.person, "dois"))
    expect(popover.locator(".note-title")).to_have_text([re.compile("dois"), re.compile("um")])
    tab.keyboard.press("ArrowDown")
    expect(popover.get_by_role("button", name="Marcar como lidas")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(popover.locator("[data-unread]")).to_have_count(0)
    expect(tab.locator(".bell-count")).to_be_hidden()
    tab.keyboard.press("Escape")
    expect(popover).to_be_hidden()
    expect(bell).to_be_focused()
    expect(bell).to_have_attribute("aria-expanded", "false")


def test_popover_is_in_its_place_and_closed_by_the_bell(tab):
    tab.goto("/privacy/")
    wait_for_bell(tab)
    bell, popover = tab.locator("[data-bell]"), tab.locator("#bell-panel")
    bell.click()
    expect(popover.get_by_role("link", name="Ver todas")).to_be_visible()
    box, width = popover.bounding_box(), tab.viewport_size["width"]

    assert box["y"] >= bell.bounding_box()["y"] + bell.bounding_box()["height"]
    assert width / 2 < box["x"]
    assert box["x"] + box["width"] <= width
    bell.click()
    expect(popover).to_be_hidden()
    tab.set_viewport_size(PHONE["viewport"])
    bell.click()
    expect(popover.get_by_role("link", name="Ver todas")).to_be_in_viewport()
    assert popover.bounding_box()["width"] == WIDTH


def test_toast_stands_above_the_dock_of_a_phone(tab, shell):
    tab.goto("/privacy/")
    wait_for_bell(tab)
    tab.set_viewport_size(PHONE["viewport"])
    shell(notify_code(tab.person, "PETR4 atingiu R$ 36,00"))
    toast = tab.locator(".toast")
    expect(toast).to_be_in_viewport()

    box, dock = toast.bounding_box(), tab.locator(".mainnav").bounding_box()
    assert box["y"] + box["height"] <= dock["y"]
    assert box["x"] >= 0
    toast.get_by_role("button", name="Dispensar").click()
    expect(toast).to_have_count(0)


def test_sound_is_off_until_it_is_switched_on(tab):
    switch = tab.get_by_role("switch")
    expect(switch).not_to_be_checked()
    switch.check()
    tab.reload()
    expect(tab.get_by_role("switch")).to_be_checked()


def test_bell_leads_to_the_list_without_scripts(tab, browser, site):
    cookies = tab.context.cookies()
    context = browser.new_context(base_url=site.url, java_script_enabled=False, locale="pt-BR")
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/privacy/")
    page.locator("[data-bell]").click()
    expect(page.get_by_role("heading", name="Notificações")).to_be_visible()
    context.close()


def test_no_page_is_wider_than_a_phone(tab):
    tab.set_viewport_size(PHONE["viewport"])
    for path in ("", "channels/", "deliveries/"):
        tab.goto(f"/notifications/{path}")
        assert content_widths(tab) == {WIDTH}, path


def test_form_of_a_channel_follows_its_card_on_a_phone(tab):
    tab.set_viewport_size(PHONE["viewport"])
    tab.goto("/notifications/channels/?kind=telegram#new-channel")
    chosen, form, following = (
        tab.locator(selector).bounding_box()
        for selector in (".kind[aria-current]", "#new-channel", ".kind[aria-current] + .kind")
    )

    assert 0 <= form["y"] - chosen["y"] - chosen["height"] < 20
    assert following["y"] > form["y"] + form["height"]
