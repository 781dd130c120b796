"""API keys on a phone, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import BLANK, OpenPage
from tests.e2e.people import PASSWORD, log_in_new_user
from tests.e2e.phone import PHONE, WIDTH, content_widths


@pytest.mark.parametrize("has_script", [True, False])
def test_key_is_created_used_and_revoked_on_a_phone(open_page: OpenPage, has_script: bool) -> None:
    page = open_page(BLANK, **PHONE, java_script_enabled=has_script)
    log_in_new_user(page, "/keys/")
    page.get_by_role("textbox", name="Nome").fill("Planilha com um nome comprido " * 2)
    page.get_by_label("Criar, mudar e apagar alertas").check()
    page.get_by_label("Validade").select_option("30 dias")
    page.get_by_label("Sua senha").fill(PASSWORD)
    page.get_by_role("button", name="Criar chave").click()

    secret = page.locator(".key-secret").inner_text()
    assert re.fullmatch(r"pregao_[0-9A-Za-z]{46}", secret)
    if has_script:
        assert content_widths(page) == {WIDTH}
    headers = {"Authorization": f"Bearer {secret}"}
    assert status(page, headers) == 200
    page.goto("/keys/")
    assert secret not in page.content()
    page.get_by_role("link", name="Revogar").click()
    page.get_by_role("button", name="Revogar").click()
    expect(page.get_by_text("Você ainda não tem chaves.")).to_be_visible()
    assert status(page, headers) == 401


def status(page: Page, headers: dict[str, str]) -> int:
    return page.request.get("/api/alerts", headers=headers).status
