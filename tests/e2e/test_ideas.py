"""Ideas in a real browser: published, commented on and decided while the page is open."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user

REACH = """
from mainapp.ideas.models import Idea
Idea.objects.filter(pk={pk}).update(target="0.01", upper=1)
"""


def test_idea_is_published_and_hits_its_target_live(open_page, shell):
    page = open_page(BLANK)
    log_in_new_user(page, "/ideias/nova/?stock=PETR4")
    page.goto("/ativo/PETR4/")  # so that its price is current
    price_text = page.locator("[data-part=price-text] [data-field=price]").inner_text()
    price = float(price_text.replace(".", "").replace(",", "."))
    page.goto("/ideias/nova/?stock=PETR4")
    page.locator("[name=target]").fill(f"{price * 1.5:.2f}".replace(".", ","))
    page.locator("[name=stop]").fill(f"{price * 0.5:.2f}".replace(".", ","))
    page.locator("[name=thesis]").fill("O petróleo **sobe**.")
    page.get_by_role("button", name="Publicar").click()
    page.wait_for_url(re.compile(r"/ideia/\d+/"))
    status = page.locator("[data-field=status]")
    expect(status).to_have_text("aberta")
    expect(page.locator(".prose strong")).to_have_text("sobe")

    reader = open_page(page.url)
    page.get_by_label("Comentário").fill("De olho no balanço.")
    page.get_by_role("button", name="Comentar").click()
    expect(reader.locator(".idea-comments")).to_contain_text("De olho no balanço.")

    pk = re.search(r"/ideia/(\d+)/", page.url)
    shell(REACH.format(pk=pk[1]))
    expect(status).to_have_text("bateu o alvo")
    expect(reader.locator("[data-field=status]")).to_have_text("bateu o alvo")
