"""Requests through proxies, redirects to https, and compressed responses."""

import gzip
import logging

import pytest

from mainapp.market.tests.factories import StockFactory
from mainapp.pages.middleware.transport import RequireHttps

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database_independent]

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}


@pytest.fixture
def https_only(settings):
    settings.SECURE_SSL_REDIRECT = True


@pytest.fixture
def stocks():
    for symbol in ("PETR4", "VALE3", "ITUB4"):
        StockFactory(symbol=symbol)


def test_http_is_redirected(client, https_only):
    response = client.get("/privacy/")

    assert (response.status_code, response["Location"]) == (301, "https://testserver/privacy/")


def test_unknown_proxy_gets_a_page_and_one_log_line(client, https_only, caplog):
    caplog.set_level(logging.WARNING)
    responses = [client.get("/privacy/", headers=FORWARDED) for _ in range(3)]

    assert [response.status_code for response in responses] == [500] * 3
    assert "TRUSTED_PROXIES" in responses[0].content.decode()
    assert responses[0]["Cache-Control"] == "no-store"
    assert responses[0]["X-Frame-Options"] == "DENY"
    (record,) = caplog.records
    assert "127.0.0.1 forwards https requests" in record.getMessage()


def test_unknown_proxy_gets_json_from_the_api(client, https_only):
    response = client.get("/api/stocks", headers=FORWARDED | {"Accept-Language": "pt-BR"})

    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "TRUSTED_PROXIES" in response.json()["message"]


def test_proxy_that_hides_how_requests_came_is_logged_once(client, https_only, caplog):
    for _ in range(3):
        response = client.get("/privacy/", headers={"X-Forwarded-For": "203.0.113.7"})

        assert response.status_code == 301
    (record,) = caplog.records
    assert "without X-Forwarded-Proto" in record.getMessage()


def test_unknown_proxy_is_named_where_http_is_served_too(client, settings, caplog):
    settings.SECURE_SSL_REDIRECT = False

    assert client.get("/privacy/", headers=FORWARDED).status_code == 200
    assert "TRUSTED_PROXIES does not contain it" in caplog.text


def test_trusted_proxy_is_not_named(client, https_only, caplog):
    """The web server trusts the proxy, and has already set the scheme."""
    assert client.get("/privacy/", headers=FORWARDED, secure=True).status_code == 200
    assert caplog.text == ""


def test_http_visitor_of_a_proxy_is_redirected(client, https_only, caplog):
    assert client.get("/privacy/", headers={"X-Forwarded-Proto": "http"}).status_code == 301
    assert caplog.text == ""


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/readyz"])
def test_monitoring_needs_neither_https_nor_an_allowed_host(client, https_only, caplog, path):
    """Balancers send the address of the machine as Host."""
    for headers in ({}, FORWARDED, {"Host": "10.0.0.3:8000"}):
        response = client.get(path, headers=headers)
        assert response.status_code not in (301, 400, 500)
    assert "DisallowedHost" not in caplog.text


def test_pages_need_an_allowed_host(client):
    assert client.get("/privacy/", headers={"Host": "10.0.0.3:8000"}).status_code == 400


def test_few_addresses_are_named(rf, https_only, caplog):
    middleware = RequireHttps(lambda request: None)
    for number in range(20):
        middleware(rf.get("/", headers=FORWARDED, REMOTE_ADDR=f"198.51.100.{number}"))

    assert len(caplog.records) == 5


@pytest.mark.parametrize("path", ["/privacy/", "/api/v1/stocks/", "/api/schema/"])
def test_text_is_compressed(client, stocks, path):
    response = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path)

    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    assert len(response.content) < len(plain.content)
    assert len(gzip.decompress(response.content)) == len(plain.content)


def test_length_of_a_compressed_page_is_random(client):
    """Otherwise an attacker could measure how well a guess compresses (BREACH)."""
    lengths = {
        len(client.get("/privacy/", headers={"Accept-Encoding": "gzip"}).content) for _ in range(12)
    }

    assert len(lengths) > 3


def test_pictures_and_archives_are_not_compressed(client, alice):
    client.force_login(alice)
    response = client.post("/export-data/", headers={"Accept-Encoding": "gzip"})

    assert response["Content-Type"] == "application/zip"
    assert "Content-Encoding" not in response
    assert response.getvalue().startswith(b"PK")
