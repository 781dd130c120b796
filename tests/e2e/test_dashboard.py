"""The dashboard in a real browser: values that move, a lost network, and a demotion."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user

SET_LEVEL = """
from mainapp.accounts.models import User
user = User.objects.get(username={name!r})
user.access_level = {level!r}
user.save()
"""
SAMPLE = """
from django.utils import timezone
from mainapp.operations.services.sampling import write_sample
write_sample(at=timezone.now())
"""
WRITE = """
from mainapp.forum.tests.factories import MessageFactory
MessageFactory()
"""
DRAWN = re.compile(r"^M")


def test_values_move_and_a_demoted_admin_sees_no_more(open_page, shell):
    page = open_page(BLANK)
    name = log_in_new_user(page, "/sources/")
    shell(SET_LEVEL.format(name=name, level="admin"))
    shell(SAMPLE)
    page.goto("/painel/")
    dashboard = page.locator("[data-dashboard]")
    batch = page.locator("[data-part=batch]")
    messages = page.locator("[data-value=messages_count]")
    expect(dashboard).to_have_attribute("data-state", "live")
    expect(batch).to_have_text("há 0 s")  # prices come every second
    expect(page.locator("[data-value=sockets_count]")).to_have_text(re.compile(r"^[1-9]"))
    expect(page.locator("[data-curve=outbox] .dashboard-line")).to_have_attribute("d", DRAWN)
    expect(page.get_by_text("Mercado simulado", exact=True)).to_be_visible()

    before = int(messages.inner_text().replace(".", ""))
    shell(WRITE)
    expect(messages).to_have_text(str(before + 1), timeout=5000)

    page.context.set_offline(True)
    expect(dashboard).to_have_attribute("data-state", "lost")
    expect(page.get_by_role("status").filter(has_text="Sem conexão")).to_be_visible()
    expect(page.locator("[data-part=age]")).to_have_text(re.compile(r"^números de há \d+ s$"))
    page.context.set_offline(False)
    expect(dashboard).to_have_attribute("data-state", "live")

    shell(SET_LEVEL.format(name=name, level="user"))
    ended = page.get_by_role("status").filter(has_text="Você não administra mais este site")
    expect(ended).to_be_visible(timeout=5000)
    assert page.request.get("/painel/").status == 403
