"""Sign-up, log-in, log-out and password change in a real browser."""

import pytest
from playwright.sync_api import expect

PASSWORD, OTHER = "um-segredo-longo", "outro-segredo-longo"
SIZES = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "color_scheme": "dark"},
}


@pytest.fixture(params=SIZES)
def new_member(request, open_page):
    """Return a page on which a user has just signed up, and the user's name."""
    name = f"ana-{request.param}"
    page = open_page("/register/?next=/sources/", **SIZES[request.param])
    page.get_by_label("Nome de usuário").fill(name)
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Senha", exact=True).fill(PASSWORD)
    page.get_by_label("Repita a senha").fill(PASSWORD)
    assert_fits_width(page)
    page.get_by_role("button", name="Criar conta").click()
    page.wait_for_url("**/sources/")
    return page, name


def assert_fits_width(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def log_out(page):
    page.locator("[data-account] > button").click()
    page.locator("[data-account]").get_by_role("button", name="Sair").click()
    expect(page.get_by_text("Você saiu da sua conta.")).to_be_visible()


def log_in(page, name, password):
    page.goto("/login/?next=/sources/")
    page.get_by_label("Usuário ou e-mail").fill(name)
    page.get_by_label("Senha").fill(password)
    assert_fits_width(page)
    page.locator("main").get_by_role("button", name="Entrar").click()


def test_account_works_with_a_new_password(new_member):
    page, name = new_member
    log_out(page)
    log_in(page, name, PASSWORD)
    page.wait_for_url("**/sources/")

    page.goto("/accounts/password/change/")
    page.get_by_label("Senha atual").fill(PASSWORD)
    page.get_by_label("Nova senha").fill(OTHER)
    page.get_by_label("Repita a senha").fill(OTHER)
    assert_fits_width(page)
    page.get_by_role("button", name="Salvar a senha").click()
    expect(page.get_by_text("Senha alterada.")).to_be_visible()

    log_out(page)
    log_in(page, f"{name}@example.com", PASSWORD)
    expect(page.get_by_role("alert")).to_have_text("Usuário, e-mail ou senha incorretos.")
    log_in(page, name.upper(), OTHER)
    page.wait_for_url("**/sources/")


def test_logout_url_asks_for_confirmation(open_page):
    page = open_page("/register/")
    page.get_by_label("Nome de usuário").fill("bia")
    page.get_by_label("E-mail").fill("bia@example.com")
    page.get_by_label("Senha", exact=True).fill(PASSWORD)
    page.get_by_label("Repita a senha").fill(PASSWORD)
    page.get_by_role("button", name="Criar conta").click()
    page.goto("/logout/")
    page.locator("main").get_by_role("button", name="Sair").click()

    expect(page.locator(".login-link")).to_be_visible()


def test_invalid_field_shows_its_error(open_page):
    page = open_page("/register/", viewport={"width": 360, "height": 740})
    page.get_by_label("Nome de usuário").fill("ana silva")
    page.get_by_role("button", name="Criar conta").click()

    field = page.get_by_label("Nome de usuário")
    expect(field).to_have_accessible_description(
        "Use letras sem acento, números, ponto, hífen, + e sublinhado, sem espaços."
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    assert_fits_width(page)


def test_a_typed_password_can_be_shown_and_is_hidden_when_it_is_sent(open_page):
    page = open_page("/login/")
    secret = page.get_by_label("Senha")
    secret.fill(PASSWORD)
    reveal = page.get_by_role("button", name="Mostrar o que digitei")
    reveal.click()
    expect(secret).to_have_attribute("type", "text")
    expect(reveal).to_have_attribute("aria-pressed", "true")
    page.evaluate(
        "document.querySelector('main form').addEventListener('submit', e => e.preventDefault())"
    )
    secret.press("Enter")

    expect(secret).to_have_attribute("type", "password")


def test_the_first_wrong_field_has_the_focus(open_page):
    page = open_page("/register/")
    page.get_by_label("Nome de usuário").fill("dora")
    page.get_by_role("button", name="Criar conta").click()

    expect(page.get_by_label("E-mail")).to_be_focused()
