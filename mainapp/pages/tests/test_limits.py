import pytest

from mainapp.core.limits import redis_store

pytestmark = pytest.mark.django_db


def statuses(client, path, times):
    return [client.get(path).status_code for _ in range(times)]


def test_requests_for_pages_are_limited_by_address(client, settings):
    settings.PAGES_A_MINUTE_ADDRESS = 3

    assert statuses(client, "/login/", 4) == [200, 200, 200, 429]
    refused = client.get("/forum/")
    assert "Tentativas demais" in refused.content.decode()
    assert 50 < int(refused["Retry-After"]) <= 60
    client.defaults["REMOTE_ADDR"] = "203.0.113.7"
    assert client.get("/login/").status_code == 200


def test_requests_for_pages_are_limited_by_user_across_addresses(client, alice, settings):
    settings.PAGES_A_MINUTE_USER = 2
    client.force_login(alice)
    assert statuses(client, "/watchlists/", 2) == [200, 200]

    client.defaults["REMOTE_ADDR"] = "203.0.113.7"

    assert client.get("/watchlists/").status_code == 429
    client.logout()
    assert client.get("/forum/").status_code == 200


def test_monitoring_and_operations_of_the_api_are_not_counted_as_pages(client, settings):
    settings.PAGES_A_MINUTE_ADDRESS = 0

    for path in ("/healthz", "/metrics", "/api/v1/stocks/", "/api/v1/alerts/1/"):
        assert client.get(path).status_code != 429


@pytest.mark.parametrize(
    "path",
    [
        "/api/docs/",
        "/api/schema/",
        "/api/v1/x/",
        "/api/v1/alerts/01/",
        "/api/none",
        "/media/a.webp",
    ],
)
def test_every_other_address_is_counted_as_a_page(client, settings, path):
    settings.PAGES_A_MINUTE_ADDRESS = 0

    response = client.get(path)

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_pages_are_served_without_redis(client, settings, no_limits_redis):
    settings.PAGES_A_MINUTE_ADDRESS = 1

    assert statuses(client, "/login/", 3) == [200, 200, 200]


def test_api_is_served_without_redis(client, settings, no_limits_redis):
    settings.API_REQUESTS_A_MINUTE_ADDRESS = 1

    assert statuses(client, "/api/v1/stocks/", 3) == [200, 200, 200]


@pytest.fixture
def no_limits_redis(monkeypatch):
    monkeypatch.setattr(redis_store._Outage, "until", float("inf"))
