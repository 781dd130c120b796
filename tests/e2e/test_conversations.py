"""Private rooms in a real browser: two people meet, count unread messages, open a group, block."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.e2e.people import isolated, log_in_new_user, post_form


def row(page: Page, name: str):
    return page.locator("[data-conversation]").filter(has_text=name)


def choose(page: Page, name: str) -> None:
    """Find a person in the form and choose them by the keyboard."""
    page.get_by_label("Pessoas", exact=True).fill(name)
    expect(page.locator("[data-part=found] .person-choice strong").first).to_have_text(name)
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=chips]")).to_contain_text(name)


def start_conversation(page: Page, *names: str, group: str = "") -> str:
    """Open a room with others by the form, and return its path."""
    page.goto("/conversas/nova/")
    for name in names:
        choose(page, name)
    page.get_by_label("Nome do grupo").fill(group)
    page.get_by_role("button", name="Conversar").click()
    page.wait_for_url(re.compile(r"/conversa/\d+/$"))
    return urlsplit(page.url).path


def test_unread_messages_of_an_open_list_count_until_all_are_read(open_page):
    bob, alice = open_page("/forum/"), open_page("/forum/")
    bob_name = log_in_new_user(bob, "/conversas/")
    alice_name = log_in_new_user(alice, "/forum/")
    badge = bob.locator(".nav-count")

    room = start_conversation(alice, bob_name)
    post_form(alice, room, body="bom dia")
    expect(row(bob, alice_name).locator("[data-part=last]")).to_have_text("bom dia")
    expect(row(bob, alice_name).locator("[data-part=count]")).to_have_text("1")
    home = bob.context.new_page()
    home.goto("/")
    expect(row(home, alice_name).locator("[data-part=last]")).to_have_text("bom dia")
    post_form(alice, room, body="viu $PETR4?")
    expect(row(bob, alice_name).locator("[data-part=count]")).to_have_text("2")
    expect(row(bob, alice_name).locator("[data-part=last]")).to_have_text("viu PETR4?")
    expect(badge).to_contain_text("2")
    expect(row(home, alice_name).locator("[data-part=count]")).to_have_text("2")

    bob.get_by_role("button", name="Mais opções das conversas").click()
    bob.get_by_role("button", name="Marcar tudo como lido").click()
    expect(bob.get_by_text("Tudo está marcado como lido.")).to_be_visible()
    expect(badge).to_be_hidden()
    expect(row(bob, alice_name).locator("[data-part=unseen]")).to_be_hidden()
    expect(home.get_by_text("Conversas não lidas")).to_have_count(0)


def test_a_group_is_created_and_left_and_a_person_is_blocked(open_page):
    bob, alice = open_page("/forum/"), open_page("/forum/")
    bob_name = log_in_new_user(bob, "/conversas/")
    alice_name = log_in_new_user(alice, "/forum/")

    room = start_conversation(alice, bob_name)
    post_form(alice, room, body="bom dia")
    group = start_conversation(alice, bob_name, group="Dividendos")
    expect(row(bob, "Dividendos")).to_be_visible()
    bob.goto(f"{group}sobre/")
    for role in ("link", "button"):
        bob.get_by_role(role, name="Sair do grupo").click()
    bob.wait_for_url("**/conversas/")
    expect(row(bob, alice_name)).to_be_visible()
    expect(row(bob, "Dividendos")).to_have_count(0)

    bob.goto(f"{room}sobre/")
    bob.get_by_role("link", name="Bloquear").click()
    bob.get_by_role("button", name="Bloquear").click()
    expect(bob.get_by_text(f"Você bloqueou {isolated(alice_name)}")).to_be_visible()
    bob.goto("/conversas/")
    expect(row(bob, alice_name)).to_have_count(0)
    assert "Não é possível conversar" in post_form(alice, room, body="oi?").text()
