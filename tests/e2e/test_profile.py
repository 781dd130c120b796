"""A user's own profile in a real browser: preferences, picture, export and deletion."""

import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Locator, Page, expect

from mainapp.core.tests.images import huge_png, photo
from tests.e2e.conftest import BLANK, OpenPage
from tests.e2e.people import PASSWORD, log_in_new_user
from tests.e2e.phone import PHONE, WIDTH, content_widths

PERIOD, THEME, LANGUAGE = "monitoring_minutes", "theme", "language"


def open_profile(page: Page) -> None:
    page.locator("[data-account] > button").click()
    page.get_by_role("link", name="Seu perfil").first.click()
    page.wait_for_url("**/profile/*/")


def state(page: Page, name: str) -> Locator:
    return page.locator(f"[data-autosave={name}] [role=status]")


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    page = open_page(BLANK, color_scheme="light")
    log_in_new_user(page, "/privacy/")
    open_profile(page)
    return page


def theme_of(page: Page) -> str:
    return page.locator("html").get_attribute("data-theme") or ""


def test_monitoring_period_is_saved_without_a_reload(page: Page) -> None:
    page.evaluate("document.body.dataset.same = 'page'")
    for value in ("5", "60", "15"):  # in quick succession: the last value must be saved
        page.select_option(f"[name={PERIOD}]", value)

    expect(state(page, PERIOD)).to_have_text("Salvo.")
    assert page.locator("body").get_attribute("data-same") == "page"
    page.reload()
    expect(page.locator(f"[name={PERIOD}]")).to_have_value("15")


def test_unsaved_choice_is_reverted_and_reported(page: Page) -> None:
    page.route("**/preferences/", lambda route: route.fulfill(status=200, body="<html>"))

    page.select_option(f"[name={PERIOD}]", "90")

    expect(state(page, PERIOD)).to_contain_text("não foi salva")
    expect(page.locator(f"[name={PERIOD}]")).to_have_value("0")


def test_saved_theme_is_used_in_another_browser(page: Page, open_page: OpenPage) -> None:
    page.select_option(f"[name={THEME}]", "dark")
    expect(state(page, THEME)).to_have_text("Salvo.")
    assert theme_of(page) == "dark"
    name = page.locator(".profile-who .muted").first.inner_text().split()[0][1:]

    other = open_page("/login/?next=/privacy/", color_scheme="light")
    assert theme_of(other) == "light"
    other.fill("[name=login]", name)
    other.fill("[name=password]", PASSWORD)
    other.click("main button[type=submit]")
    other.wait_for_url("**/privacy/")

    assert theme_of(other) == "dark"


def test_theme_switch_of_the_header_is_saved_too(page: Page) -> None:
    page.locator("[data-preferences] > button").click()
    with page.expect_response("**/preferences/") as saved:
        page.locator("[data-theme-switch] button[value=dark]").click()

    assert saved.value.json()["saved"] == {"theme": "dark"}
    expect(page.locator(f"[name={THEME}]")).to_have_value("dark")
    page.evaluate("localStorage.clear()")
    page.reload()
    assert theme_of(page) == "dark"


def test_saved_language_offers_a_link_to_the_translated_page(page: Page) -> None:
    page.select_option(f"select[name={LANGUAGE}]", "en")
    expect(state(page, LANGUAGE)).to_contain_text("Saved.")

    state(page, LANGUAGE).get_by_role("link").click()

    expect(page.get_by_role("heading", name="Recent messages")).to_be_visible()


def test_a_picture_appears_without_a_reload(page: Page) -> None:
    expect(page.locator("#profile-picture .face")).to_have_text("A")

    page.set_input_files(
        "input[type=file]",
        {"name": "eu.jpg", "mimeType": "image/jpeg", "buffer": photo((900, 700), kind="JPEG")},
    )
    page.get_by_role("button", name="Enviar foto").click()

    picture = page.locator("#profile-picture img")
    expect(picture).to_be_visible(timeout=20_000)
    expect(picture).to_have_js_property("naturalWidth", 150)
    page.reload()
    expect(page.locator("[data-account] > button img")).to_be_visible()


def test_picture_of_180_megapixels_is_refused_with_a_reason(page: Page) -> None:
    page.set_input_files(
        "input[type=file]", {"name": "x.png", "mimeType": "image/png", "buffer": huge_png()}
    )
    page.get_by_role("button", name="Enviar foto").click()

    expect(page.locator(".messages")).to_contain_text("180 milhões de pixels")


def test_oversized_file_is_not_sent(page: Page) -> None:
    page.set_input_files(
        "input[type=file]",
        {"name": "x.png", "mimeType": "image/png", "buffer": bytes(6 * 1024 * 1024)},
    )

    expect(page.locator(".picture-form [role=alert]")).to_contain_text("5 MB")
    page.get_by_role("button", name="Enviar foto").click()
    expect(page).to_have_url(re.compile(r"/profile/\d+/$"))


def test_preferences_work_without_javascript(open_page: OpenPage) -> None:
    page = open_page(BLANK, java_script_enabled=False)
    log_in_new_user(page, "/privacy/")
    open_profile(page)

    form = page.locator(f"[data-autosave={THEME}]")
    form.locator("select").select_option("dark")
    form.get_by_role("button", name="Salvar").click()

    expect(page.locator(".messages")).to_have_text("Preferência salva.")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_save_buttons_are_hidden_with_javascript(page: Page) -> None:
    expect(page.locator("[data-autosave] button")).to_have_count(0)


def test_user_exports_the_data_and_deletes_the_account(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="Baixar os meus dados").click()
    download.value.save_as(tmp_path / "dados.zip")
    with ZipFile(tmp_path / "dados.zip") as archive:
        assert "account.json" in archive.namelist()
    address = page.url

    page.get_by_role("link", name="Apagar a conta").click()
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Apagar a conta").click()

    expect(page.locator(".messages")).to_contain_text("Sua conta foi apagada.")
    expect(page.locator("[data-account]")).to_have_count(0)
    assert page.request.get(address).status == 404


def test_the_page_fits_a_phone(open_page: OpenPage) -> None:
    page = open_page(BLANK, **PHONE)
    log_in_new_user(page, "/privacy/")
    open_profile(page)

    for path in (page.url, "/update-profile/", "/remove-picture/", "/delete-account/"):
        page.goto(path)
        assert content_widths(page) == {WIDTH}, path
