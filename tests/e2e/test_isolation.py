"""User-written text inserted by scripts moves nothing outside it."""

from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user
from tests.e2e.test_forum import create_room, message_bodies, wait_until_room_is_live, write_message
from tests.e2e.test_notifications import notify_code
from tests.e2e.test_xss import write_rows

MARK = "zqx"
NAME = f"\u202e{MARK}"  # RIGHT-TO-LEFT OVERRIDE, as names from before the rule may have it
# Elements whose text is isolated neither by them nor by a parent within the block.
FIND = """
(mark) => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (!data.includes(mark) || data.includes(`\\u2068${mark}\\u2069`)) continue;
    if (parentElement.closest("script, template, textarea, bdi, [dir=auto]")) continue;
    found.push(parentElement.outerHTML.slice(0, 200));
  }
  return found;
}
"""


def test_texts_that_scripts_add_are_isolated(open_page, site, shell):
    writer, reader = open_page(BLANK), open_page(BLANK)
    name = log_in_new_user(writer, "/forum/")
    person = writer.locator("body").get_attribute("data-member")
    write_rows(site, "accounts_user", "display_name = ?1", [(NAME, person)])
    log_in_new_user(reader, "/forum/")
    path = create_room(writer)
    for page in (writer, reader):
        page.goto(path)
        wait_until_room_is_live(page)

    writer.get_by_label("Mensagem", exact=True).press_sequentially("oi")
    expect(reader.locator("[data-part=typing]")).to_contain_text(MARK)
    assert reader.evaluate(FIND, MARK) == []
    write_message(writer, f"{MARK} \u05d0\u05d1")
    expect(message_bodies(reader).last).to_contain_text(MARK)
    expect(reader.locator("[data-part=present]")).to_contain_text(MARK)
    shell(notify_code(name, NAME))
    expect(writer.locator(".toast")).to_contain_text(MARK)
    for page in (writer, reader):
        assert page.evaluate(FIND, MARK) == []

    for page in (writer, reader):
        page.goto("/stocktracker?stockpicker=PETR4")
    reader.get_by_role("button", name="Bate-papo").click()
    writer.get_by_role("button", name="Bate-papo").click()
    writer.get_by_label("Mensagem", exact=True).fill(MARK)
    writer.get_by_label("Mensagem", exact=True).press("Enter")
    expect(reader.locator(".chat-message").last).to_contain_text(MARK)
    assert reader.evaluate(FIND, MARK) == []
