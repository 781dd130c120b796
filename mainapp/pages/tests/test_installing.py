"""Manifest, service worker and offline page."""

import json
import re

import pytest

from mainapp.alerts.tests.factories import record
from mainapp.market.tests.factories import StockFactory
from mainapp.pages.views import installing


def build_of(response):
    return json.loads(re.match(r"self\.BUILD = (.*);\n", response.text)[1])


def test_manifest_has_maskable_icons_and_shortcuts(client, db):
    response = client.get("/app.webmanifest")
    assert response["Content-Type"].startswith("application/manifest+json")
    assert response["Cache-Control"] == "no-cache"
    manifest = response.json()
    assert [(row["name"], row["url"]) for row in manifest["shortcuts"]] == [
        ("Acompanhar", "/stocktracker"),
        ("Alertas", "/alerts/"),
    ]
    assert {icon.get("purpose", "any") for icon in manifest["icons"]} == {"any", "maskable"}
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")


def test_manifest_follows_the_language(client, db):
    manifest = client.get("/app.webmanifest", headers={"accept-language": "en"}).json()
    assert (manifest["lang"], manifest["shortcuts"][1]["name"]) == ("en", "Alerts")


def test_pages_name_manifest_and_icon(client, db):
    html = client.get("/privacy/").text
    assert '<link rel="manifest" href="/app.webmanifest">' in html
    assert re.search(r'rel="apple-touch-icon" href="/static/mainapp/img/icon-180', html)


def test_worker_is_checked_at_every_visit_and_changes_with_the_build(client, db, monkeypatch):
    first = client.get("/sw.js")
    assert (first["Content-Type"], first["Cache-Control"]) == (
        "text/javascript; charset=utf-8",
        "no-cache",
    )
    monkeypatch.setattr(installing, "build_version", lambda: "next")
    assert client.get("/sw.js").text != first.text
    assert build_of(client.get("/sw.js"))["version"] == "next"


def test_worker_keeps_every_asset_of_the_offline_page(client, db):
    build = build_of(client.get("/sw.js"))
    html = client.get(build["page"]).text
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html))
    assert named <= set(build["assets"])
    assert named


@pytest.fixture
def prices(db):
    StockFactory(symbol="IBOV", name="Ibovespa")
    record("38.42", symbol="IBOV")


def test_offline_page_shows_the_last_quotes_with_their_times_and_never_as_live(client, prices):
    html = client.get("/offline/").text
    assert "IBOV" in html
    assert "38,42" in html
    assert 'data-prices="stale"' in html
    assert "Estes preços não são de agora" in html
    assert re.search(r'<time datetime="\d{4}-\d\d-\d\dT', html)


def test_offline_page_is_the_same_for_everybody(client, prices, alice, time_machine):
    time_machine.move_to("2026-01-05T14:00:00Z", tick=False)
    stranger = client.get("/offline/")
    client.force_login(alice)
    member = client.get("/offline/")
    assert member.content == stranger.content
    assert "csrf" not in member.text
    assert "Set-Cookie" not in member.headers
    assert member.cookies == {}


def test_offline_page_names_its_build(client, db):
    assert client.get("/offline/")["X-Build"] == build_of(client.get("/sw.js"))["version"]
