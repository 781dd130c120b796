"""A private conversation in a real browser: replies, reactions, pictures, reading, a long room."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import BLANK, OpenPage
from tests.e2e.people import log_in_new_user, post_form
from tests.e2e.phone import PHONE, WIDTH, content_widths
from tests.e2e.shell import Shell
from tests.e2e.test_forum import create_room, fill_room, message_bodies, write_message

# Both are functions of a picture's bytes.
PASTE = """(bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], "colada.png", { type: "image/png" }));
    const event = new ClipboardEvent("paste", { clipboardData: data, cancelable: true });
    document.querySelector("#id_body").dispatchEvent(event);
}"""
DROP = """(bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], "solta.png", { type: "image/png" }));
    const event = new DragEvent("drop", { dataTransfer: data, cancelable: true, bubbles: true });
    document.querySelector(".talk-log").dispatchEvent(event);
}"""
DRAFTS = "Object.keys(localStorage).filter((key) => key.endsWith('.draft'))"
TOP = "(box) => (box.scrollTop = -box.scrollHeight)"


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (600, 400), (200, 120, 40)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pair(open_page: OpenPage) -> tuple[Page, Page, str]:
    """Two people with their direct room open, and its path."""
    ana, beto = open_page(BLANK), open_page(BLANK)
    for page in (ana, beto):
        log_in_new_user(page, "/forum/")
    other = beto.locator("body").get_attribute("data-member") or ""
    path = post_form(ana, "/conversas/nova/", com=other).headers["location"]
    for page in (ana, beto):
        page.goto(path)
        expect(page.locator("[data-room]")).to_have_attribute("data-ready", "")
    return ana, beto, path


def open_menu(message: Locator) -> Locator:
    message.hover()
    message.get_by_label("O que fazer com esta mensagem").click()
    return message.locator("[popover]")


def test_two_people_reply_react_and_see_what_was_read(pair):
    ana, beto, _path = pair
    write_message(ana, "A margem foi de 22%")
    first, own = beto.locator("#m1"), ana.locator("#m1")
    expect(first).to_contain_text("22%")
    expect(ana.locator(".talk-seen")).to_have_text("visto")

    open_menu(first).get_by_role("link", name="Responder").click()
    expect(beto.locator("[data-part=answered]")).to_contain_text("A margem foi de 22%")
    beto.keyboard.type("Confiro")
    beto.keyboard.press("Enter")
    answer = ana.locator(".msg", has_text="Confiro")
    expect(answer.locator(".msg-reply")).to_contain_text("A margem foi de 22%")
    expect(beto.locator("[data-part=answered]")).to_be_hidden()

    open_menu(answer).get_by_role("button", name="Reagir com 📈").click()
    reaction = beto.locator(".msg", has_text="Confiro").locator(".reaction")
    expect(reaction).to_have_text("📈 1")
    reaction.click()
    expect(answer.locator(".reaction")).to_have_text("📈 2")
    answer.locator(".reaction").click()
    expect(reaction).to_have_text("📈 1")
    expect(reaction).to_have_attribute("aria-pressed", "true")

    open_menu(own).get_by_role("link", name="Apagar").click()
    ana.get_by_role("dialog").get_by_role("button", name="Apagar").click()
    for page in (ana, beto):
        expect(page.locator(".msg-reply")).to_have_text(re.compile(r"^\s*mensagem apagada\s*$"))


def test_pictures_are_chosen_pasted_kept_in_the_draft_and_viewed(pair):
    ana, beto, _path = pair
    file = {"name": "gráfico.png", "mimeType": "image/png", "buffer": picture()}
    ana.locator("[name=file]").set_input_files(file)
    expect(ana.locator(".tray-item img")).to_be_visible()
    ana.get_by_label("Mensagem", exact=True).fill("de ontem")
    ana.reload()
    expect(ana.locator(".tray-item")).to_contain_text("gráfico.png")
    ana.get_by_label("Mensagem", exact=True).press("Enter")
    sent = beto.locator(".msg").last
    expect(sent.locator(".msg-picture img")).to_be_visible()
    expect(message_bodies(beto)).to_have_text("de ontem")
    expect(ana.locator(".tray-item")).to_have_count(0)

    for function in (PASTE, DROP):
        beto.evaluate(function, list(picture()))
    expect(beto.locator(".tray-item img")).to_have_count(2)
    beto.get_by_role("button", name="Tirar solta.png").click()
    expect(beto.locator(".tray-item")).to_have_text(re.compile("colada.png"))
    beto.get_by_label("Mensagem", exact=True).press("Enter")
    expect(ana.locator(".msg-picture")).to_have_count(2)

    ana.locator(".msg-picture").last.click()
    viewer = ana.get_by_role("dialog")
    expect(viewer.locator("img")).to_have_js_property("complete", True)
    expect(viewer.get_by_role("button", name="Próxima imagem")).to_be_disabled()
    ana.keyboard.press("ArrowLeft")
    expect(viewer.locator(".viewer-caption")).to_have_text("de ontem")
    ana.keyboard.press("Escape")
    expect(viewer).to_be_hidden()


def test_draft_is_forgotten_at_the_log_out(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, "/forum/")
    create_room(page)
    expect(page.locator("[data-room]")).to_have_attribute("data-ready", "")
    page.get_by_label("Mensagem", exact=True).fill("só meu")
    assert len(page.evaluate(DRAFTS)) == 1

    post_form(page, "/logout/")
    page.goto("/forum/")

    assert page.evaluate(DRAFTS) == []


def test_conversation_needs_no_script(open_page, pair):
    ana, beto, path = pair
    write_message(ana, "Confere?")
    expect(message_bodies(beto)).to_have_count(1)
    page = open_page(path, java_script_enabled=False, storage_state=beto.context.storage_state())
    message = page.locator(".msg").first
    open_menu(message).get_by_role("link", name="Responder").click()
    page.get_by_label("Mensagem", exact=True).fill("Confere")
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"a;b"}
    page.locator("[name=file]").set_input_files(file)
    page.get_by_role("button", name="Enviar").click()
    page.wait_for_url(f"**{path}#end")

    expect(page.locator(".msg-reply")).to_contain_text("Confere?")
    expect(ana.locator(".msg-file")).to_contain_text("a.csv")
    open_menu(message).get_by_role("link", name="Reagir").click()
    page.get_by_role("button", name="👍").click()
    expect(page.locator(".reaction")).to_have_text("👍 1")
    expect(ana.locator(".reaction")).to_have_text("👍 1")


def test_a_long_room_stays_small_on_the_page(pair, shell: Shell):
    ana, beto, path = pair
    fill_room(shell, path, 320)
    beto.reload()
    log = beto.locator("[data-part=scroll]")
    first_unread = beto.get_by_role("link", name="Primeira não lida")
    expect(first_unread).to_be_visible()
    for _ in range(5):
        count = beto.locator(".msg").first.get_attribute("data-seq")
        log.evaluate(TOP)
        expect(beto.locator(f"#m{int(count or 0) - 1}")).to_be_attached()
    assert beto.locator(".msg").count() <= 250
    expect(beto.locator(".talk-later")).to_have_count(1)

    write_message(ana, "nova")
    pill = beto.get_by_role("button", name="1 mensagem nova")
    expect(pill).to_be_visible()
    pill.click()
    expect(message_bodies(beto).last).to_have_text("nova")
    expect(message_bodies(beto).last).to_be_in_viewport()

    beto.get_by_role("button", name="Buscar nesta conversa").click()
    beto.keyboard.type("mensagem 77")
    beto.locator(".room-found a").last.click()
    expect(beto.locator("#m77")).to_be_in_viewport()
    beto.get_by_label("Mensagem", exact=True).fill("no fim")
    beto.get_by_label("Mensagem", exact=True).press("Enter")
    expect(message_bodies(beto).last).to_have_text("no fim")
    expect(message_bodies(beto).last).to_be_in_viewport()


def test_the_conversation_fits_a_phone(open_page, pair):
    ana, _beto, path = pair
    write_message(ana, f"$PETR4 {'a' * 200} https://exemplo.com.br/")
    expect(ana.locator(".msg.own:not(.pending)")).to_have_count(1)
    bubble = ana.locator(".msg.own .msg-bubble").evaluate("(box) => getComputedStyle(box).color")
    expect(ana.get_by_role("link", name="exemplo.com.br")).to_have_css("color", bubble)
    price = re.compile(r"\d,\d\d")
    expect(ana.locator(".msg-papers [data-price]")).to_have_text(price)  # so it is recorded
    phone = open_page(path, storage_state=ana.context.storage_state(), **PHONE)
    assert content_widths(phone) == {WIDTH}
    expect(phone.locator(".msg-papers [data-price]")).to_have_text(price)
    phone.get_by_role("button", name="Sobre a conversa").tap()
    expect(phone.get_by_role("complementary", name="Sobre a conversa")).to_be_visible()
