"""Import of a carteira on a phone, without JavaScript: questions, answers, confirmation."""

from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user
from tests.e2e.phone import PHONE, WIDTH, content_widths

FILE = """Relatório, valores em R$

Ticker;Quantidade;Preço médio;Preço médio (R$);Peso
PETR4;1.500;30.15;31.20;60%
VALE3;20;61.00;62.10;40%
ITUB4;x;1;1;0%
"""


def test_questions_are_answered_and_the_file_is_imported(open_page):
    page = open_page(BLANK, **PHONE)
    log_in_new_user(page, "/import-carteira/")
    state = page.context.storage_state()
    page = open_page("/import-carteira/", java_script_enabled=False, storage_state=state, **PHONE)
    page.get_by_label("Arquivo CSV ou XLSX").set_input_files(
        {"name": "carteira.csv", "mimeType": "text/csv", "buffer": FILE.encode("cp1252")}
    )
    page.get_by_role("button", name="Conferir planilha").click()

    expect(page.get_by_role("button", name="Importar")).to_have_count(0)
    page.get_by_label("Como se leem os números da coluna B").select_option(
        label="1.500 é 1.500 (milhares)"
    )
    page.get_by_label("O que é a coluna D").select_option(label="Preço médio")
    page.get_by_label("O que é a coluna C").select_option(label="não usar")
    page.get_by_role("button", name="Ler de novo").click()

    expect(page.get_by_role("row", name="PETR4 1.500 31,20 0")).to_be_visible()
    expect(page.get_by_text("Linha 6")).to_be_visible()
    page.get_by_role("button", name="Importar").click()

    expect(page.get_by_text("Importação feita: 2 incluídos")).to_be_visible()
    expect(page.locator(".holdings tr[data-symbol]")).to_have_count(2)


def test_preview_fits_a_phone(open_page):
    page = open_page(BLANK, **PHONE)
    log_in_new_user(page, "/import-carteira/")
    page.get_by_label("Arquivo CSV ou XLSX").set_input_files(
        {"name": "carteira.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    expect(page.locator(".drop-zone output")).to_have_text("carteira.csv")
    page.get_by_role("button", name="Conferir planilha").click()
    assert max(content_widths(page)) <= WIDTH
