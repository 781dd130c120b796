import re

import pytest
from django.conf import settings as project_settings

from mainapp.core.apps import check_site_url
from mainapp.core.paths import absolute_url


@pytest.mark.parametrize("base", ["https://a.example", "https://a.example/", "https://a.example//"])
def test_links_have_one_slash_after_the_base(base, settings):
    settings.SITE_URL = base

    assert absolute_url() == "https://a.example/"
    assert absolute_url("/alerts/7/?x=1") == "https://a.example/alerts/7/?x=1"
    assert absolute_url("alerts/") == absolute_url("//alerts/") == "https://a.example/alerts/"


def test_links_begin_in_one_place():
    elsewhere = re.compile(r"settings\.SITE_URL|build_absolute_uri|get_current_site")
    root = project_settings.BASE_DIR / "mainapp"
    users = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "tests" not in path.parts and elsewhere.search(path.read_text())
    }

    assert users == {
        "core/paths.py",
        "core/apps.py",
        "operations/management/doctor/configuration.py",  # checks it
    }


def test_unknown_site_url_is_a_warning_at_start(settings):
    settings.DEBUG, settings.IS_SITE_URL_SET = False, False
    settings.SITE_URL = "http://127.0.0.1:8000"
    [warning] = check_site_url()
    assert "SITE_URL is not set: links in messages begin with http://127.0.0.1:8000" in str(warning)

    settings.IS_SITE_URL_SET = True
    assert check_site_url() == []
