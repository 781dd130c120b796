"""Clubs in a real browser: founded, joined by a link, left, and a member removed, all live."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, Response, expect

from tests.e2e.people import log_in_new_user, post_form


def create_club(page: Page, name: str) -> str:
    """Found a club by the form, and return its path."""
    page.goto("/clubes/")
    page.get_by_role("link", name="Criar clube").click()
    page.get_by_label("Nome do clube").fill(name)
    page.get_by_role("button", name="Criar clube").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return urlsplit(page.url).path


def make_link(page: Page, uses: int) -> str:
    """Make an invitation, and return the path of its link."""
    page.get_by_role("link", name="Convidar").click()
    page.get_by_label("Quantas pessoas podem entrar").fill(str(uses))
    page.get_by_role("button", name="Criar link").click()
    return urlsplit(page.get_by_label("Link do convite").input_value()).path


def is_fragment(response: Response) -> bool:
    """Return whether a response is a part of a page that htmx asked for."""
    return response.ok and response.request.headers.get("hx-request") == "true"


def test_a_club_is_founded_joined_left_and_a_member_removed(open_page):
    alice, bob, carol = (open_page("/sources/") for _page in range(3))
    log_in_new_user(alice, "/clubes/")
    club = create_club(alice, "Clube da Quinta")
    link = make_link(alice, 2)
    alice.goto(club)
    members = alice.get_by_role("region", name="Membros")
    expect(members.get_by_role("listitem")).to_have_count(1)

    names = [log_in_new_user(page, link) for page in (bob, carol)]
    for page in (bob, carol):
        page.get_by_role("button", name="Entrar no clube").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Clube da Quinta")
    expect(members).to_contain_text(names[0])
    expect(members).to_contain_text(names[1])
    expect(members.locator(".presence-dot:visible")).to_have_count(2)
    expect(alice.get_by_text("3 membros")).to_be_visible()

    # The page fetches the percents every 5 s: what comes sooner comes by the socket.
    carol.goto(f"{club}carteira/")
    for is_on, limit_ms in (("on", 30_000), ("", 4_000)):
        with carol.expect_response(is_fragment, timeout=limit_ms):
            post_form(alice, f"{club}mostrar-carteira/", on=is_on)

    bob.get_by_role("button", name="Opções do clube").click()
    for role in ("link", "button"):
        bob.get_by_role(role, name="Sair do clube").click()
    bob.wait_for_url("**/clubes/")
    expect(members).not_to_contain_text(names[0])

    gone = carol.locator("body").get_attribute("data-member")
    post_form(alice, f"{club}remover/{gone}/")
    carol.wait_for_url("**/clubes/")
    expect(carol.get_by_text("Nenhum clube ainda")).to_be_visible()
    expect(members.get_by_role("listitem")).to_have_count(1)
    assert [carol.request.get(path).status for path in (club, link)] == [404, 404]
