from decimal import Decimal

import pytest

from mainapp.market.selectors.watchlists import current_symbols
from mainapp.market.tests.factories import MembershipFactory, StockFactory
from mainapp.notifications.selectors.channels import is_account_mail_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, alice, settings):
    settings.EMAIL_HOST = "mail.example"
    alice.email = "alice@example.com"
    alice.save()
    client.force_login(alice)
    for symbol, weight in {"VALE3": 11, "PETR4": 9}.items():
        MembershipFactory(stock=StockFactory(symbol=symbol), weight_pct=Decimal(weight))
    StockFactory(symbol="HGLG11")
    return client


def test_chosen_stocks_become_the_first_list(browser, alice):
    response = browser.post(
        "/bem-vindo/", {"symbols": ["PETR4", "VALE3"], "more": "hglg11, petr4f"}
    )

    assert (response.status_code, response.url) == (302, "/bem-vindo/avisos/")
    assert current_symbols(alice) == ["PETR4", "VALE3", "HGLG11"]


def test_the_heaviest_stocks_of_the_index_are_offered(browser):
    html = browser.get("/bem-vindo/").content.decode()

    assert html.index('value="VALE3"') < html.index('value="PETR4"')


def test_unknown_codes_are_named_and_the_others_saved(browser, alice):
    response = browser.post("/bem-vindo/", {"symbols": ["PETR4"], "more": "XYZW3"}, follow=True)

    assert "Não conhecemos XYZW3; o resto está na sua lista." in response.content.decode()
    assert current_symbols(alice) == ["PETR4"]


def test_a_choice_that_is_not_offered_is_refused(browser, alice):
    response = browser.post("/bem-vindo/", {"symbols": ["HGLG11"]})

    assert response.status_code == 200
    assert "field-error" in response.content.decode()
    assert current_symbols(alice) == []


def test_a_step_without_choices_leads_to_the_next(browser, alice):
    assert browser.post("/bem-vindo/").url == "/bem-vindo/avisos/"
    assert current_symbols(alice) == []


@pytest.mark.parametrize(
    ("path", "skip"), [("/bem-vindo/", "/bem-vindo/avisos/"), ("/bem-vindo/avisos/", "/")]
)
def test_each_step_can_be_skipped(browser, path, skip):
    assert (
        f'<a class="button button-plain" href="{skip}">Pular</a>'
        in browser.get(path).content.decode()
    )


@pytest.mark.parametrize(("data", "is_on"), [({"by_mail": "on"}, True), ({}, False)])
def test_mail_is_switched_and_the_home_page_comes_next(browser, alice, data, is_on):
    response = browser.post("/bem-vindo/avisos/", data)

    assert (response.status_code, response.url) == (302, "/")
    assert is_account_mail_on(alice) == is_on


def test_kinds_of_channels_link_to_their_forms(browser):
    html = browser.get("/bem-vindo/avisos/").content.decode()

    assert "alice@example.com" in html
    assert 'href="/notifications/channels/?kind=telegram#new-channel"' in html


def test_an_account_without_an_address_keeps_its_switch(browser, alice):
    alice.email = ""
    alice.save()

    assert 'name="by_mail"' not in browser.get("/bem-vindo/avisos/").content.decode()
    browser.post("/bem-vindo/avisos/")
    assert is_account_mail_on(alice)


def test_a_server_that_sends_no_mail_offers_none_and_changes_no_switch(browser, alice, settings):
    settings.EMAIL_HOST = ""

    html = browser.get("/bem-vindo/avisos/").content.decode()
    browser.post("/bem-vindo/avisos/")

    assert 'name="by_mail"' not in html
    assert "Este servidor não envia e-mails" in html
    assert is_account_mail_on(alice)
