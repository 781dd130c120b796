"""A new SECRET_KEY: log-ins of the old key live as long as it is in SECRET_KEY_FALLBACKS."""

import pytest

from mainapp.api.services.tokens import create_tokens
from mainapp.api.tokens import Access

pytestmark = pytest.mark.django_db

OLD, NEW = "o" * 50, "n" * 50


@pytest.fixture
def replace_key(settings, monkeypatch):
    """Return a function that replaces the key, as a restart with other settings does."""

    def replace(key, *fallbacks):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = key, list(fallbacks)
        backend = type(Access._token_backend)()
        for attribute in ("signing_key", "prepared_signing_key"):
            monkeypatch.setattr(Access._token_backend, attribute, getattr(backend, attribute))

    return replace


@pytest.fixture
def pair(replace_key, alice):
    replace_key(OLD)
    return create_tokens(user=alice)


def alerts(client, token):
    return client.get("/api/v1/alerts/", headers={"Authorization": f"Bearer {token}"}).status_code


def refresh(client, token):
    return client.post(
        "/api/v1/accounts/refresh/", {"refresh": token}, content_type="application/json"
    )


def test_tokens_of_the_old_key_stay_valid(client, pair, replace_key):
    replace_key(NEW, OLD)

    assert alerts(client, pair["access"]) == 200
    renewed = refresh(client, pair["refresh"])
    assert renewed.status_code == 200
    assert alerts(client, renewed.json()["access"]) == 200
    assert refresh(client, pair["refresh"]).status_code == 401  # it was exchanged


def test_logging_out_ends_a_log_in_of_the_old_key(client, pair, replace_key):
    replace_key(NEW, OLD)
    response = client.post(
        "/api/v1/accounts/logout/",
        {"refresh": pair["refresh"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {pair['access']}"},
    )

    assert response.status_code == 204
    assert alerts(client, pair["access"]) == 401


def test_tokens_end_with_the_removal_of_the_old_key(client, pair, replace_key):
    replace_key(NEW)

    assert alerts(client, pair["access"]) == 401
    assert refresh(client, pair["refresh"]).status_code == 401


def test_session_of_the_old_key_stays_valid(client, alice, replace_key):
    replace_key(OLD)
    client.force_login(alice)
    replace_key(NEW, OLD)

    assert client.get("/watchlists/").status_code == 200

    replace_key(NEW)
    assert client.get("/watchlists/").status_code == 200  # Django has signed it with the new key
