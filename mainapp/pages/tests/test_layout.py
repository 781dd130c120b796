import re

import pytest
from django.test import Client
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.market.tests.factories import StockFactory

ADDRESSES = ["/", "/login/", "/register/", "/privacy/", "/sources/", "/nowhere/"]
ADDRESSES += ["/stocktracker", "/stockpicker/IBOV", "/graph"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(settings):
    settings.DEBUG = False
    StockFactory(symbol="IBOV", kind="INDEX")
    return Client()


@pytest.mark.parametrize(
    "address",
    [*ADDRESSES, "/graph?ticker=%00", "/login", "/watchlists/", "/graph/candles", "/readyz"],
)
def test_every_response_has_security_headers(client, address):
    headers = client.get(address).headers

    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert "unsafe" not in str(policy)
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_has_header_notice_and_footer(client, address):
    html = client.get(address).content.decode()

    assert html.count("<!doctype html>") == html.count("<main ") == html.count("<h1") == 1
    assert 'role="combobox"' in html
    assert "Mercado simulado" in html
    assert "estes preços não são reais" in html
    assert "Não é recomendação de investimento." in html
    assert reverse("privacy") in html
    assert not re.findall(r'(?:href|action|src|data-search-url)="(?:\?[^"]*)?"', html)
    html = html.replace(' type="application/json"', " src=")  # data blocks, which are not executed
    assert not re.findall(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=\"", html)


def test_real_prices_have_no_simulation_notice(client, settings):
    settings.QUOTE_KIND, settings.QUOTE_SOURCE = "real", ["brapi", "yahoo"]

    html = client.get("/privacy/").content.decode()

    assert "SIMULADO" not in html
    assert "Fonte: brapi, yahoo." in html


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("/", "Início"),
        ("/stocktracker", "Acompanhar"),
        ("/stockpicker/IBOV", "Escolher ativos"),
        ("/graph", "Gráfico"),
        ("/sources/", "Fontes"),
    ],
)
def test_the_current_page_is_marked_in_the_navigation(client, address, label):
    html = client.get(address).content.decode()

    assert re.findall(r'<a [^>]*aria-current="page"[^>]*>.*?<span>([\w ]+)</span>', html) == [label]


def test_the_language_is_switched_and_remembered(client):
    response = client.post("/i18n/setlang/", {"language": "en", "next": "/privacy/"})

    assert (response.status_code, response.url) == (302, "/privacy/")
    assert response.cookies["django_language"]["max-age"] == 365 * 24 * 3600
    html = client.get("/privacy/").content.decode()
    assert '<html lang="en" data-simulated>' in html
    assert "Simulated market" in html
    assert 'href="/privacy/">Privacy</a>' in html


@pytest.mark.parametrize("address", ["/", "/login/", "/privacy/"])
def test_anonymous_visitors_can_choose_language_and_theme(client, address):
    html = client.get(address).content.decode()
    menu = html[html.index("data-preferences") :].partition("login-link")[0]

    assert re.findall(r'name="language" value="([\w-]+)"', menu) == ["pt-br", "en"]
    assert re.findall(r'<button type="button" value="(\w+)"', menu) == ["system", "light", "dark"]


def test_portuguese_is_the_default_language(client):
    assert '<html lang="pt-BR" data-simulated>' in client.get("/privacy/").content.decode()


def test_the_account_menu_shows_the_user(client):
    html = client.get("/privacy/").content.decode()
    assert 'href="/login/?next=/privacy/"' in html
    html = client.get("/login/?next=/privacy/").content.decode()
    assert html.count('href="/login/?next=/privacy/"') == 1

    client.force_login(User.objects.create_user("alice"))
    html = client.get("/privacy/").content.decode()
    assert "<strong><bdi>alice</bdi></strong>" in html
    assert '<form action="/logout/" method="post">' in html


def test_modules_get_their_texts_in_the_users_language(client):
    words = client.get("/jsi18n/", headers={"accept-language": "en"}).content.decode()

    assert "ago" in words
    assert "ago" not in client.get("/jsi18n/").content.decode()


def test_the_favicon_redirects_to_the_icon(client):
    response = client.get("/favicon.ico")

    assert (response.status_code, response.url) == (302, "/static/mainapp/img/icon.svg")


def test_robots_txt_excludes_the_admin(client):
    response = client.get("/robots.txt")

    assert response.headers["Content-Type"] == "text/plain"
    assert "Disallow: /admin/" in response.content.decode()
