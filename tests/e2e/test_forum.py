"""The forum in a real browser: rooms, live messages, moderation, outages."""

import re
import signal
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import PASSWORD, isolated, log_in_new_user, post_form
from tests.e2e.phone import PHONE, WIDTH, content_widths
from tests.e2e.shell import Shell

FILL = """
from django.utils.timezone import now
from mainapp.forum.models import Message, Room
Message.objects.bulk_create([
    Message(room_id={room}, seq=n, revision=n, body=f"mensagem {{n}}",
            body_html=f"<p>mensagem {{n}}</p>", sent_at=now())
    for n in range(1, {count} + 1)
])
Room.objects.filter(pk={room}).update(last_seq={count}, revision={count})
"""


def log_in(page: Page) -> str:
    """Log in as a new user and return the user's name."""
    return log_in_new_user(page, "/forum/")


def create_room(page: Page, name: str = "Sala", **fields: str) -> str:
    """Create a room, open it and return its path."""
    path = post_form(page, "/create-room/", name=name, **fields).headers["location"]
    page.goto(path)
    return path


def write_message(page: Page, text: str) -> None:
    page.get_by_label("Mensagem", exact=True).fill(text)
    page.get_by_label("Mensagem", exact=True).press("Enter")


def message_bodies(page: Page) -> Locator:
    return page.locator(".msg:not(.pending) .msg-body")


def wait_until_room_is_live(page: Page) -> None:
    """Wait until the page has received the first frame of the room's socket."""
    expect(page.locator("[data-part=present-count]")).to_have_text(re.compile(r"\d"))


@pytest.fixture
def member(open_page):
    page = open_page("/forum/")
    log_in(page)
    return page


def test_new_user_creates_a_room_and_writes_in_it(open_page):
    page = open_page("/forum/")
    page.get_by_role("main").get_by_role("link", name="Criar sala").first.click()
    page.wait_for_url("**/login/?next=/create-room/")
    page.goto("/register/?next=/forum/")
    name = f"ana{uuid4().hex[:8]}"
    page.fill("[name=username]", name)
    page.fill("[name=email]", f"{name}@example.com")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/forum/")
    page.goto("/create-room/")
    room = {"name": "Petrobras", "topic": "Óleo", "description": "De tudo", "stock": "petr4"}
    for field, value in room.items():
        page.fill(f"main [name={field}]", value)
    page.get_by_role("main").get_by_role("button", name="Criar sala").click()
    page.wait_for_url(re.compile(r"/room/\d+/$"))
    path = urlsplit(page.url).path
    expect(page.locator(".talk-log")).to_contain_text("Ninguém escreveu ainda.")
    expect(page.locator(".room-stock [data-field=price]")).to_have_text(re.compile(r"\d,\d\d"))

    wait_until_room_is_live(page)
    write_message(page, "olá, **mundo**: $VALE3")
    expect(message_bodies(page)).to_have_text(re.compile("olá, mundo: VALE3"))
    expect(page.locator(".msg .chip [data-field=price]")).to_have_text(re.compile(r"\d,\d\d"))
    expect(page.locator(".msg-body strong")).to_have_text("mundo")
    expect(page.locator(".msg.pending")).to_have_count(0)
    page.goto("/forum/")
    expect(page.locator(".room-row", has_text="Petrobras").first).to_contain_text(name)
    page.goto(path)
    expect(message_bodies(page)).to_have_count(1)


def test_two_users_see_messages_in_the_same_order(open_page, member):
    path = create_room(member)
    other = open_page("/forum/")
    name = log_in(other)
    other.goto(path)
    reader = open_page(path)
    for page in (member, other, reader):
        wait_until_room_is_live(page)
    expect(member.locator(".present")).to_contain_text(name)

    texts = [f"mensagem {n}" for n in range(1, 7)]
    for n, text in enumerate(texts):
        write_message((member, other)[n % 2], text)
        expect(message_bodies(reader).nth(n)).to_have_text(text)
    for page in (member, other, reader):
        expect(message_bodies(page)).to_have_text(texts)
        page.reload()
        expect(message_bodies(page)).to_have_text(texts)
    expect(member.locator(".msg.own")).to_have_count(3)
    expect(reader.get_by_role("link", name="Entre para escrever")).to_be_visible()


def test_typing_indicator_appears_and_disappears(open_page, member):
    path = create_room(member)
    other = open_page("/forum/")
    name = log_in(other)
    other.goto(path)
    wait_until_room_is_live(other)
    wait_until_room_is_live(member)
    other.get_by_label("Mensagem", exact=True).press_sequentially("oi")
    expect(member.locator("[data-part=typing]")).to_have_text(f"{isolated(name)} está escrevendo…")
    write_message(other, "oi")
    expect(member.locator("[data-part=typing]")).to_have_text("")


def test_message_is_edited_and_deleted_in_place(open_page, member):
    path = create_room(member)
    reader = open_page(path)
    wait_until_room_is_live(reader)
    wait_until_room_is_live(member)
    write_message(member, "errdo $PETR4")
    expect(message_bodies(reader)).to_have_count(1)
    message = member.locator(".msg").first
    message.hover()
    message.get_by_label("O que fazer com esta mensagem").click()
    message.get_by_role("link", name="Editar").click()
    message.get_by_label("Mensagem", exact=True).fill("outra coisa")
    message.get_by_role("button", name="Cancelar").press("Enter")
    expect(message_bodies(member)).to_have_text(re.compile("^errdo"))
    expect(message.get_by_label("O que fazer com esta mensagem")).to_be_focused()

    message.get_by_label("O que fazer com esta mensagem").click()
    message.get_by_role("link", name="Editar").click()
    message.get_by_label("Mensagem", exact=True).fill("*certo* $VALE3")
    message.get_by_role("button", name="Salvar").click()
    for page in (member, reader):
        expect(message_bodies(page)).to_have_text(re.compile("^certo VALE3"))
        expect(page.locator(".msg .chip [data-field=price]")).to_have_text(re.compile(r"\d"))
        expect(page.get_by_text("editada")).to_be_visible()

    message.hover()
    message.get_by_label("O que fazer com esta mensagem").click()
    message.get_by_role("link", name="Apagar").click()
    member.get_by_role("dialog").get_by_role("button", name="Apagar").click()
    for page in (member, reader):
        expect(message_bodies(page)).to_have_text("mensagem apagada")


def open_menu(message: Locator) -> Locator:
    """Open the menu of a message and return it, painted."""
    message.hover()
    message.get_by_label("O que fazer com esta mensagem").click()
    menu = message.locator("[popover]")
    menu.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return menu


def test_menu_of_a_message_opens_beside_it_inside_the_window(open_page, site, member):
    path = create_room(member)
    wait_until_room_is_live(member)
    for text in ("uma", "duas"):
        write_message(member, text)
    expect(message_bodies(member)).to_have_count(2)
    messages = member.locator(".msg")
    for message in (messages.first, messages.last):
        menu, button = (
            open_menu(message).bounding_box(),
            message.get_by_label("O que fazer com esta mensagem").bounding_box(),
        )
        assert menu
        assert button
        assert menu["y"] >= 0
        assert menu["y"] + menu["height"] <= 900
        distance = min(
            abs(menu["y"] - button["y"] - button["height"]),
            abs(button["y"] - menu["y"] - menu["height"]),
        )
        assert distance <= 8
        member.keyboard.press("Escape")
    phone = open_page(path, storage_state=member.context.storage_state(), **PHONE)
    wait_until_room_is_live(phone)
    box = open_menu(phone.locator(".msg").first).bounding_box()
    assert box
    assert box["width"] == WIDTH
    assert box["y"] + box["height"] == PHONE["viewport"]["height"]


def test_muting_and_closing_are_shown_at_once(open_page, member):
    path = create_room(member)
    other = open_page("/forum/")
    name = log_in(other)
    other.goto(path)
    wait_until_room_is_live(other)
    write_message(other, "oi")
    wait_until_room_is_live(member)
    box = other.get_by_label("Mensagem", exact=True)

    message = member.locator(".msg", has_text="oi").first
    message.hover()
    message.get_by_label("O que fazer com esta mensagem").click()
    message.get_by_role("button", name="Silenciar").click()
    expect(member.locator(".messages")).to_contain_text(f"{isolated(name)} só pode ler nesta sala.")
    expect(other.get_by_text("Você foi silenciado nesta sala")).to_be_visible()
    expect(box).to_be_hidden()

    member.goto(f"{path}moderation/")
    member.get_by_role("button", name="Devolver a palavra").click()
    expect(box).to_be_visible()
    member.get_by_role("button", name="Fechar a sala").click()
    expect(other.get_by_text("Esta sala está fechada")).to_be_visible()
    expect(other.locator("[data-part=closed]")).to_be_visible()
    member.get_by_role("button", name="Reabrir a sala").click()
    expect(box).to_be_visible()
    expect(member.locator(".moderation-log li")).to_have_count(4)


def test_rate_limited_messages_are_sent_later(member):
    create_room(member)
    wait_until_room_is_live(member)
    texts = [str(n) for n in range(12)]
    for text in texts:
        write_message(member, text)
    expect(member.locator(".msg.pending").first).to_contain_text(
        re.compile(r"tenta de novo em \d+ s")
    )
    expect(member.locator(".msg.pending")).to_have_count(0)
    assert sorted(message_bodies(member).all_inner_texts(), key=int) == texts


def test_a_room_is_read_and_written_without_javascript(open_page, member):
    path = create_room(member, stock="PETR4")
    state = member.context.storage_state()
    page = open_page(path, java_script_enabled=False, storage_state=state)
    for n in range(3):
        page.get_by_label("Mensagem", exact=True).fill(f"linha\n{n}")
        page.get_by_role("button", name="Enviar").click()
        page.wait_for_url(f"**{path}#end")
    expect(message_bodies(page)).to_have_text(["linha 0", "linha 1", "linha 2"])
    message = page.locator(".msg").last
    message.hover()
    message.get_by_label("O que fazer com esta mensagem").click()
    message.get_by_role("link", name="Apagar").click()
    page.get_by_role("main").get_by_role("button", name="Apagar").click()
    expect(message_bodies(page).last).to_have_text("mensagem apagada")
    expect(message_bodies(member)).to_have_count(3)


def test_earlier_messages_are_loaded_while_scrolling_without_a_jump(open_page, shell, member):
    path = create_room(member)
    fill_room(shell, path, 180)
    page = open_page(path)
    wait_until_room_is_live(page)
    expect(message_bodies(page).last).to_have_text("mensagem 180")
    expect(message_bodies(page).last).to_be_in_viewport()
    expect(message_bodies(page)).to_have_count(50)
    top = page.locator("#m140")
    top.scroll_into_view_if_needed()
    page.locator("[data-part=scroll]").evaluate("(box) => (box.scrollTop = -box.scrollHeight)")
    expect(message_bodies(page)).to_have_count(100)
    expect(page.locator("#m131")).to_be_in_viewport()
    for count in (150, 180):
        page.locator("[data-part=scroll]").evaluate("(box) => (box.scrollTop = -box.scrollHeight)")
        expect(message_bodies(page)).to_have_count(count)
    numbers = page.locator(".msg").evaluate_all("(all) => all.map((one) => +one.dataset.seq)")
    assert numbers == list(range(1, 181))

    write_message(member, "nova")
    pill = page.get_by_role("button", name="1 mensagem nova")
    expect(pill).to_be_visible()
    expect(message_bodies(page).last).not_to_be_in_viewport()
    pill.click()
    expect(message_bodies(page).last).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_reader_returns_to_the_first_unread_message(open_page, shell, member):
    path = create_room(member)
    fill_room(shell, path, 30)
    reader = open_page(path)
    wait_until_room_is_live(reader)
    expect(reader.locator(".talk-unread")).to_have_count(0)
    reader.goto("/forum/")
    member.reload()
    wait_until_room_is_live(member)
    for n in range(8):
        write_message(member, f"nova {n}\n" + "linha\n" * 6)
    expect(member.locator(".msg.pending")).to_have_count(0)

    reader.goto("/forum/")
    row = reader.locator(f"[data-room-row='{path.split('/')[2]}']")
    expect(row.locator("[data-part=unseen]")).to_have_text(re.compile("^8 não lidas"))
    reader.goto(path)

    expect(reader.locator(".talk-unread")).to_have_text("8 mensagens novas")
    expect(reader.locator(".talk-unread")).to_be_in_viewport()
    expect(reader.locator(".talk-unread + .msg")).to_contain_text("nova 0")
    reader.get_by_role("button", name="Ir para o fim").click()
    expect(message_bodies(reader).last).to_be_in_viewport()
    reader.reload()
    wait_until_room_is_live(reader)
    expect(reader.locator(".talk-unread")).to_have_count(0)


def test_stocks_of_a_conversation_are_listed_with_their_prices(open_page, member):
    path = create_room(member)
    wait_until_room_is_live(member)
    reader = open_page(path)
    wait_until_room_is_live(reader)
    expect(reader.locator("[data-part=cited-box]")).to_be_hidden()
    for text in ("$PETR4", "$VALE3 e $PETR4"):
        write_message(member, text)

    rows = reader.locator(".cited a")
    for _ in range(2):  # written while the page is open, and before it was
        expect(rows).to_have_count(2)
        assert rows.evaluate_all("(all) => all.map((row) => row.dataset.symbol)") == [
            "VALE3",
            "PETR4",
        ]
        expect(rows.locator("[data-field=price]")).to_have_text([re.compile(r"\d,\d\d")] * 2)
        reader.reload()


def test_papers_and_people_are_completed_while_writing(open_page, member):
    path = create_room(member)
    other = open_page("/forum/")
    name = log_in(other)
    other.goto(path)
    wait_until_room_is_live(other)
    write_message(other, "oi")
    wait_until_room_is_live(member)
    box = member.get_by_label("Mensagem", exact=True)
    options = member.locator(".composer [role=option]")

    box.press_sequentially("veja $petr")
    expect(options.first).to_have_attribute("aria-selected", "true")
    first = options.first.get_attribute("data-symbol")
    expect(box).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "")
    member.keyboard.press("Enter")  # chooses, and does not send
    expect(box).to_have_value(f"veja ${first} ")
    box.press_sequentially(f"@{name[:-1].upper()}")
    person = member.locator(f".composer [data-mention={name}]")
    expect(person).to_be_visible()
    member.keyboard.press("Escape")
    expect(person).to_be_hidden()
    box.press_sequentially(" ")
    member.keyboard.press("Backspace")
    person.click()
    expect(box).to_have_value(f"veja ${first} @{name} ")
    member.keyboard.press("Enter")
    expect(message_bodies(other).last.locator(".mention")).to_have_text(f"@{name}")


def test_enter_sends_a_message_that_ends_in_a_whole_code(member):
    create_room(member)
    wait_until_room_is_live(member)
    with member.expect_response(lambda answer: answer.url.endswith("?q=VALE3")):
        member.get_by_label("Mensagem", exact=True).press_sequentially("$VALE3")
    expect(member.locator(".composer [role=listbox]")).to_be_hidden()
    member.keyboard.press("Enter")
    expect(message_bodies(member).last).to_have_text(re.compile("VALE3"))


def test_lost_connection_is_shown_in_the_head_of_the_room(member):
    create_room(member)
    wait_until_room_is_live(member)
    here, connection = (member.locator(f"[data-part={name}]") for name in ("here", "connection"))
    expect(here).to_have_text(re.compile(r"^1\s+aqui agora$"))
    expect(member.locator("[data-part=present-box]")).to_be_hidden()  # nobody else
    expect(connection).to_be_hidden()

    member.context.set_offline(True)
    expect(connection).to_be_visible()
    expect(here).to_be_hidden()

    member.context.set_offline(False)
    expect(here).to_be_visible()
    expect(connection).to_be_hidden()


def test_keyboard_of_a_phone_never_covers_the_message_box(open_page, shell, member):
    path = create_room(member, "Uma sala", stock="PETR4")
    fill_room(shell, path, 60)
    page = open_page(path, storage_state=member.context.storage_state(), **PHONE)
    wait_until_room_is_live(page)
    box = page.get_by_label("Mensagem", exact=True)
    for height in (640, 300):  # a keyboard resizes the content: `interactive-widget`
        page.set_viewport_size({"width": WIDTH, "height": height})
        expect(box).to_be_in_viewport(ratio=1)
        expect(message_bodies(page).last).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0
    expect(page.locator(".mainnav")).to_be_hidden()

    # Safari shows the keyboard over the page instead.
    page.set_viewport_size({"width": WIDTH, "height": 640})
    page.evaluate(
        """async () => {
            const { followKeyboard } = await import("/static/mainapp/js/forum/viewport.js");
            const view = Object.assign(new EventTarget(), { height: 640, offsetTop: 0, scale: 1 });
            followKeyboard(document.querySelector(".talk"), view);
            view.height = 340;
            view.dispatchEvent(new Event("resize"));
            window.safari = view;
        }"""
    )
    bottom = "(box) => box.getBoundingClientRect().bottom"
    assert box.evaluate(bottom) <= 340
    page.evaluate("safari.height = 640; safari.dispatchEvent(new Event('resize'))")
    assert box.evaluate(bottom) > 500


def test_earlier_messages_can_be_opened_without_javascript(open_page, shell, member):
    path = create_room(member)
    fill_room(shell, path, 120)
    page = open_page(path, java_script_enabled=False)
    page.get_by_role("link", name="Mensagens anteriores").click()
    page.wait_for_url("**?before=71")
    expect(message_bodies(page).first).to_have_text("mensagem 21")
    page.get_by_role("link", name="Ver as mensagens mais novas").click()
    expect(message_bodies(page).last).to_have_text("mensagem 120")


def fill_room(shell: Shell, path: str, count: int) -> None:
    """Write many messages into a room without an author and without its limits."""
    shell(FILL.format(room=int(path.split("/")[2]), count=count))


def test_messages_written_during_an_outage_are_sent_once(browser: Browser, site):
    context = browser.new_context(base_url=site.url, locale="pt-BR")
    context.set_default_timeout(10_000)
    page = context.new_page()
    log_in(page)
    path = create_room(page)
    wait_until_room_is_live(page)
    write_message(page, "antes")
    expect(message_bodies(page)).to_have_text(["antes"])
    server = site.child("pregao: web")
    server.send_signal(signal.SIGSTOP)
    try:
        write_message(page, "durante")
        expect(page.locator(".msg.pending")).to_contain_text("durante")
    finally:
        server.kill()
    write_message(page, "depois")
    page.get_by_label("Mensagem", exact=True).fill("rascunho")
    expect(page.locator(".msg.pending")).to_have_count(0)
    expect(message_bodies(page)).to_have_text(["antes", "durante", "depois"])

    page.reload()
    expect(message_bodies(page)).to_have_text(["antes", "durante", "depois"])
    expect(page.get_by_label("Mensagem", exact=True)).to_have_value("rascunho")
    assert path in page.url
    context.close()


def test_unacknowledged_message_survives_a_reload(browser: Browser, site):
    context = browser.new_context(base_url=site.url, locale="pt-BR")
    context.set_default_timeout(10_000)
    page = context.new_page()
    log_in(page)
    create_room(page)
    wait_until_room_is_live(page)
    page.evaluate("WebSocket.prototype.send = () => {}")
    write_message(page, "quase perdida")
    expect(page.locator(".msg.pending")).to_contain_text("enviando…")
    page.reload()
    expect(message_bodies(page)).to_have_text(["quase perdida"])
    expect(page.locator(".msg.pending")).to_have_count(0)
    context.close()


def test_logout_in_another_tab_leaves_the_room_readable(open_page, member):
    create_room(member)
    wait_until_room_is_live(member)
    elsewhere = member.context.new_page()
    elsewhere.goto("/forum/")
    elsewhere.locator("[data-account] > button").click()
    elsewhere.get_by_role("button", name="Sair").click()
    expect(member.get_by_role("link", name="Sua sessão terminou: entre de novo")).to_be_visible()
    expect(member.get_by_label("Mensagem", exact=True)).to_be_hidden()


def test_the_forum_fits_a_phone(open_page, member):
    path = create_room(member, "Uma sala de nome bem comprido " * 2, stock="PETR4", topic="T" * 40)
    wait_until_room_is_live(member)
    write_message(member, f"{'a' * 200} $VALE3 `{'b' * 200}`\n\n```\n{'c' * 200}\n```")
    expect(message_bodies(member)).to_have_count(1)
    page = open_page(BLANK, storage_state=member.context.storage_state(), **PHONE)
    for address in ("/forum/", "/create-room/", f"{path}moderation/", path):
        page.goto(address)
        assert content_widths(page) == {WIDTH}, address
    wait_until_room_is_live(page)
    page.get_by_label("Mensagem", exact=True).fill("de um telefone")
    page.get_by_role("button", name="Enviar").tap()
    expect(message_bodies(page).last).to_have_text("de um telefone")
