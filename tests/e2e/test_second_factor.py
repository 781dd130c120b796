"""Second factors in a browser: passkeys of Chromium's virtual authenticator, an app on a phone."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from mainapp.accounts.tests.factors import code_at
from tests.e2e.conftest import BLANK, OpenPage
from tests.e2e.people import PASSWORD, log_in_new_user, take_cookie
from tests.e2e.phone import PHONE, WIDTH, content_widths
from tests.instances import Instance

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@contextmanager
def authenticator(page: Page) -> Iterator[None]:
    """Give the page's browser a device that confirms every passkey."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield
    session.send("WebAuthn.disable")


def confirm_password(page: Page) -> None:
    page.get_by_label("Senha", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continuar").click()


def log_out(page: Page, url: str) -> None:
    page.goto(f"{url}/logout/")
    page.get_by_role("main").get_by_role("button", name="Sair").click()


def test_a_passkey_is_created_and_logs_in_alone_and_after_the_password(
    open_page: OpenPage, site: Instance
) -> None:
    # Browsers refuse passkeys on an address: `make run` serves the same site as localhost.
    url = f"http://localhost:{urlsplit(site.url).port}"
    page = open_page(BLANK)
    name, cookie = take_cookie()
    key, _, value = cookie.partition("=")
    page.context.add_cookies([{"name": key, "value": value, "url": url}])
    with authenticator(page):
        page.goto(f"{url}/accounts/2fa/passkeys/add/")
        confirm_password(page)
        page.get_by_label("Nome da chave").fill("Notebook")
        page.get_by_role("button", name="Criar a chave").click()
        expect(page.locator(".recovery-codes li")).to_have_count(10)
        with page.expect_download() as download:
            page.get_by_role("link", name="Baixar como texto").click()
        assert len(download.value.path().read_text().split()) == 10
        page.get_by_role("link", name="Guardei os códigos").click()
        expect(page.get_by_text("Notebook").first).to_be_visible()

        log_out(page, url)
        page.goto(f"{url}/login/?next=/accounts/sessions/")
        page.get_by_role("button", name="Entrar com chave de acesso").click()
        expect(page.get_by_role("heading", name="Sessões")).to_be_visible()

        log_out(page, url)
        page.goto(f"{url}/login/?next=/accounts/sessions/")
        page.get_by_label("Usuário ou e-mail").fill(name)
        page.get_by_label("Senha", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Entrar", exact=True).click()
        page.get_by_role("button", name="Usar a chave de acesso").click()
        expect(page.get_by_role("heading", name="Sessões")).to_be_visible()


def test_an_address_offers_no_passkeys_and_tells_why(open_page: OpenPage) -> None:
    page = open_page(BLANK)
    log_in_new_user(page, "/accounts/2fa/")

    expect(page.get_by_text("só funcionam em http://localhost")).to_be_visible()
    expect(page.get_by_role("link", name="Criar uma chave de acesso")).to_have_count(0)


def test_an_app_is_activated_on_a_phone_without_scripts(open_page: OpenPage) -> None:
    page = open_page(BLANK, **PHONE, java_script_enabled=False)
    log_in_new_user(page, "/accounts/2fa/app/")
    confirm_password(page)
    secret = page.locator(".factor-secret").inner_text()
    page.get_by_label("Código", exact=True).fill(code_at(secret=secret))
    page.get_by_role("button", name="Ativar").click()

    expect(page.locator(".recovery-codes li")).to_have_count(10)


def test_the_pages_fit_a_phone(open_page: OpenPage) -> None:
    page = open_page(BLANK, **PHONE)
    log_in_new_user(page, "/accounts/2fa/app/")
    confirm_password(page)
    widths = []
    for path in ("/accounts/2fa/app/", "/accounts/2fa/", "/accounts/sessions/"):
        page.goto(path)
        widths.append(content_widths(page))

    assert widths == [{WIDTH}] * 3
