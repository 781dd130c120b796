import pytest
from django.test import Client

from mainapp.accounts.models import Preferences, User

pytestmark = pytest.mark.django_db

JSON = {"accept": "application/json"}
URL = "/preferences/"


@pytest.fixture
def page(alice):
    client = Client()
    client.force_login(alice)
    return client


def saved_preferences(user):
    return Preferences.objects.filter(user=user).values_list(
        "language", "theme", "monitoring_minutes"
    )


def test_a_preference_is_saved_by_json(page, alice):
    for _ in range(2):  # a double click
        answer = page.post(URL, {"monitoring_minutes": "15"}, headers=JSON)

        assert answer.json() == {"saved": {"monitoring_minutes": 15}, "message": "Salvo."}
    page.post(URL, {"theme": "dark"}, headers=JSON)
    page.post(URL, {"monitoring_minutes": "0"}, headers=JSON)

    assert list(saved_preferences(alice)) == [("", "dark", 0)]


def test_a_form_without_scripts_redirects_back(page, alice):
    answer = page.post(URL, {"theme": "light"})
    assert answer.url == f"/profile/{alice.pk}/"

    answer = page.post(URL, {"language": "en", "next": "/privacy/"}, follow=True)
    html = answer.content.decode()
    assert answer.redirect_chain == [("/privacy/", 302)]
    assert '<html lang="en" data-theme-choice="light" data-theme="light" data-simulated>' in html
    assert "Preference saved." in html


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_redirects_stay_on_this_site(page, alice, url):
    assert page.post(URL, {"theme": "dark", "next": url}).url == f"/profile/{alice.pk}/"


@pytest.mark.parametrize(
    "preferences",
    [
        {},
        {"theme": "pink"},
        {"theme": ""},
        {"language": "xx"},
        {"monitoring_minutes": "3"},
        {"monitoring_minutes": ""},
        {"monitoring_minutes": "-1"},
        {"theme": "dark", "monitoring_minutes": "x"},
        {"other": "dark"},
    ],
)
def test_invalid_preferences_are_refused_with_a_message(page, alice, preferences):
    answer = page.post(URL, preferences, headers=JSON)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert len(answer.json()["message"]) > 10
    assert page.post(URL, preferences, follow=True).status_code == 200
    assert not saved_preferences(alice).exists()


def test_anonymous_visitors_get_login_required(client):
    assert client.post(URL, {"theme": "dark"}, headers=JSON).json()["code"] == "login_required"
    assert client.post(URL, {"theme": "dark"}).url == "/login/?next=/"


def test_the_chosen_language_is_stored_in_a_cookie(page):
    response = page.post(URL, {"language": "en"}, headers=JSON)

    assert response.json()["message"] == "Saved."
    assert response.cookies["django_language"].value == "en"
    assert '<html lang="en"' in page.get("/privacy/").content.decode()

    removed = page.post(URL, {"language": ""}, headers=JSON)
    assert removed.cookies["django_language"].value == ""
    assert '<html lang="pt-BR"' in page.get("/privacy/").content.decode()


def test_the_language_follows_the_user_to_another_browser(alice):
    alice.set_password("um-segredo-longo")
    alice.save()
    Preferences.objects.create(user=alice, language="en")
    other = Client(headers={"accept-language": "pt-BR"})

    credentials = {"login": "alice", "password": "um-segredo-longo"}
    answer = other.post("/login/", credentials)

    assert answer.cookies["django_language"].value == "en"
    assert answer.cookies["django_language"]["max-age"] == 365 * 24 * 3600
    assert '<html lang="en"' in other.get("/privacy/").content.decode()


def test_a_log_in_without_a_chosen_language_leaves_the_browser_alone(alice):
    alice.set_password("um-segredo-longo")
    alice.save()

    answer = Client().post("/login/", {"login": "alice", "password": "um-segredo-longo"})

    assert answer.status_code == 302
    assert "django_language" not in answer.cookies


@pytest.mark.parametrize(
    ("theme", "attributes"),
    [
        ("dark", ' data-theme-choice="dark" data-theme="dark"'),
        ("light", ' data-theme-choice="light" data-theme="light"'),
        ("system", ' data-theme-choice="system"'),
    ],
)
def test_every_page_has_the_theme_of_the_account(page, alice, theme, attributes):
    Preferences.objects.create(user=alice, theme=theme)

    for address in ("/privacy/", f"/profile/{alice.pk}/", "/update-profile/"):
        html = page.get(address).content.decode()
        assert f'<html lang="pt-BR"{attributes} data-simulated>' in html


def test_the_default_theme_is_the_browsers(page, client):
    for browser in (page, client):
        assert '<html lang="pt-BR" data-simulated>' in browser.get("/privacy/").content.decode()


def test_preferences_cost_no_extra_query(page, alice, django_assert_num_queries):
    with django_assert_num_queries(2):  # the session, the user
        page.get("/privacy/")
    Preferences.objects.create(user=alice, theme="dark")
    with django_assert_num_queries(2):
        page.get("/privacy/")


def test_the_menu_links_to_the_profile(page, alice):
    User.objects.filter(pk=alice.pk).update(display_name="Alice Lima")

    html = page.get("/privacy/").content.decode()

    assert f'href="/profile/{alice.pk}/"' in html
    assert '<span class="menu-label"><bdi>Alice Lima</bdi></span>' in html


def test_grouped_choices_are_options_each(client, alice):
    client.force_login(alice)
    page = client.get(f"/profile/{alice.pk}/").content.decode()

    assert '<option value="America/Sao_Paulo" selected>São Paulo</option>' in page
    assert "[(" not in page
