"""The agenda in a real browser: a seat is sold out, given back, and reaches the first who waits."""

import re
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.e2e.people import log_in_new_user


def make_event(page: Page, title: str, seats: int) -> str:
    """Create an event by the form, and return its address."""
    page.goto("/evento/novo/")
    page.get_by_label("Título").fill(title)
    page.get_by_label("Início").fill(f"{date.today() + timedelta(days=3)}T19:00")  # noqa: DTZ011 - days away
    page.get_by_label("Vagas", exact=True).fill(str(seats))
    page.get_by_role("button", name="Criar evento").click()
    page.wait_for_url(re.compile(r"/evento/\d+/$"))
    return page.url


def test_a_seat_is_sold_out_given_back_and_reaches_the_first_who_waits(open_page):
    alice, bob, carol = (open_page("/sources/") for _page in range(3))
    log_in_new_user(alice, "/agenda/")
    event = make_event(alice, "Café com dividendos", 1)
    for page in (bob, carol):
        log_in_new_user(page, event)

    bob.get_by_role("button", name="Quero ir").click()
    expect(bob.get_by_text("Sua vaga está confirmada.")).to_be_visible()
    carol.reload()
    expect(carol.get_by_text("Vagas esgotadas")).to_be_visible()
    carol.get_by_role("button", name="Entrar na lista de espera").click()
    expect(carol.get_by_text("Você é o 1º da lista de espera")).to_be_visible()

    bob.get_by_role("button", name="Devolver a vaga").click()
    expect(bob.get_by_text("Sua vaga foi devolvida.")).to_be_visible()
    # The page of the first who waits is told by its notification.
    expect(carol.get_by_text("Sua vaga está confirmada.")).to_be_visible()
    carol.goto("/agenda/")
    row = carol.get_by_role("listitem").filter(has_text="Café com dividendos")
    expect(row.get_by_text("Você vai")).to_be_visible()
    carol.get_by_role("link", name="Mês").click()
    expect(carol.get_by_role("link", name="Café com dividendos").first).to_be_attached()


def test_a_new_event_shows_at_once_on_open_pages(open_page):
    """Without a message the pages would fetch the events a minute later."""
    alice, bob, carol = (open_page("/sources/") for _page in range(3))
    for page, path in ((alice, "/agenda/"), (bob, "/agenda/"), (carol, "/")):
        log_in_new_user(page, path)
    for page in (bob, carol):
        expect(page.locator("[data-bell]")).to_have_attribute("data-ready", "")

    event = make_event(alice, "Conversa sobre juros", 30)
    for page in (bob, carol):
        expect(page.get_by_role("link", name="Conversa sobre juros")).to_be_visible()

    alice.goto(f"{event}cancelar/")
    alice.get_by_role("button", name="Cancelar o evento").click()
    expect(carol.get_by_role("link", name="Conversa sobre juros")).to_be_hidden()
    expect(bob.get_by_text("Cancelado")).to_be_visible()
