"""Marks of papers: monograms, their colours, and the operator's logos."""

import json
import os
import re
import shutil
import subprocess

import pytest
from django.template import Context, Template

from mainapp.market import marks
from mainapp.market.names import COUNTRIES

SVG = "<svg xmlns='http://www.w3.org/2000/svg'/>"
NODE = shutil.which("node")
SYMBOLS = ["PETR4", "PETR3", "VALE3", "B3SA3", "HGLG11", "AAPL34", "M1TA34", "IBOV"]


@pytest.fixture
def logos(settings, tmp_path):
    settings.LOGOS_DIR = tmp_path / "logos"
    settings.LOGOS_DIR.mkdir()
    return settings.LOGOS_DIR


def test_papers_of_a_company_have_the_same_hue():
    assert marks.hue_of("PETR4") == marks.hue_of("PETR3")
    assert len({marks.hue_of(symbol) for symbol in SYMBOLS}) > len(SYMBOLS) / 2


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_the_browser_computes_the_same_hues(settings):
    script = settings.BASE_DIR / "static/mainapp/js/market/mark.js"
    text = script.read_text().replace('import { build } from "../core/dom.js";', "")
    text += f"\nconsole.log(JSON.stringify({json.dumps(SYMBOLS)}.map(hueOf)));"
    node = subprocess.run(  # noqa: S603 - our own script
        [NODE or "", "--input-type=module"], input=text, capture_output=True, text=True, check=True
    )

    assert json.loads(node.stdout) == [marks.hue_of(symbol) for symbol in SYMBOLS]


def test_every_country_has_its_flag(settings):
    sprite = (settings.BASE_DIR / "static/mainapp/img/flags.svg").read_text()

    assert set(re.findall(r'<symbol id="(\w+)"', sprite)) == set(COUNTRIES)


@pytest.mark.parametrize(("country", "flags"), [("US", 1), ("", 0), ("ZZ", 0)])
def test_a_mark_has_the_flag_of_a_known_country(country, flags):
    html = Template('{% load marks %}{% mark "AAPL34" "l" country %}')
    page = html.render(Context({"country": country}))

    assert page.count(f"flags.svg#{country}") == flags == page.count("mark-flag")


def test_a_logo_of_the_code_comes_before_one_of_the_company(client, logos, db):
    (logos / "PETR.svg").write_text(SVG)
    (logos / "petr4.png").write_bytes(b"\x89PNG")

    assert client.get(marks.logo_url("PETR3"))["Content-Type"] == "image/svg+xml"
    assert client.get(marks.logo_url("PETR4"))["Content-Type"] == "image/png"
    assert marks.logo_url("VALE3") == ""


def test_a_logo_runs_no_script_of_its_own(client, logos, db):
    (logos / "PETR4.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")

    response = client.get(marks.logo_url("PETR4"))

    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("symbol", ["..%2Fsecret-key", "PETR4.svg", "%00", "VALE3"])
def test_nothing_else_is_served(client, logos, db, symbol):
    (logos.parent / "secret-key").write_text("x")
    (logos / "PETR4.svg").write_text(SVG)
    (logos / "VALE3.html").write_text("x")

    assert client.get(f"/logos/{symbol}").status_code in {400, 404}


def test_a_new_version_of_a_logo_has_a_new_address(logos):
    (logos / "PETR4.svg").write_text(SVG)
    first = marks.logo_url("PETR4")
    os.utime(logos / "PETR4.svg", (1, 1))

    assert marks.logo_url("PETR4") != first


def test_what_is_no_readable_picture_gives_the_monogram(client, logos, db):
    (logos / "PETR4.svg").symlink_to(logos / "moved.svg")
    (logos / "VALE3.png").mkdir()
    (logos / "ITUB4.png").write_bytes(b"x" * (marks.MAX_BYTES + 1))
    (logos / "PETR.svg").write_text(SVG)

    assert marks.logo_url("PETR4").startswith("/logos/PETR4")  # the company's
    assert [marks.logo_url(symbol) for symbol in ("VALE3", "ITUB4")] == ["", ""]
    assert client.get("/logos/VALE3").status_code == 404


def test_a_file_in_place_of_the_folder_gives_monograms(settings, tmp_path):
    settings.LOGOS_DIR = tmp_path / "logos"
    settings.LOGOS_DIR.write_text("")

    assert marks.logo_url("PETR4") == ""
