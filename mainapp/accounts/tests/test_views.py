import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail

from mainapp.accounts.models import User

FORM = {
    "username": "ana",
    "email": "ana@example.com",
    "password1": "um-segredo-longo",
    "password2": "um-segredo-longo",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return User.objects.create_user("alice", "alice@example.com", "um-segredo-longo")


def test_signing_up_logs_in_and_goes_home(client):
    response = client.post("/register/", FORM)

    assert (response.status_code, response.url) == (302, "/")
    user = User.objects.get(username="ana")
    assert client.session[SESSION_KEY] == str(user.pk)
    assert user.email == "ana@example.com"
    assert not user.is_staff


@pytest.mark.parametrize("path", ["/register/", "/login/"])
@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("/sources/", "/sources/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/login/", "/"),
        ("/register/?next=/login/", "/"),
    ],
)
def test_next_leads_only_to_our_own_pages(client, alice, path, wanted, got):
    form = FORM | {"username": "alice", "password": "um-segredo-longo"}
    if path == "/register/":
        form["username"] = "ana"

    assert client.post(path, form | {"next": wanted}).url == got


def test_a_username_is_taken_in_any_case(client, alice):
    response = client.post("/register/", FORM | {"username": "ALICE"})

    assert response.status_code == 200
    assert response.context["form"].errors["username"] == [
        "Um usuário com este nome de usuário já existe."
    ]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "ana"}, "email"),
        ({"username": "a\0na"}, "username"),
        ({"username": "ana " * 60}, "username"),
        ({"password2": "outro"}, "password2"),
        ({"password1": "12345678", "password2": "12345678"}, "password2"),
    ],
)
def test_a_form_that_is_wrong_says_where(client, change, field):
    response = client.post("/register/", FORM | change)

    assert list(response.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("path", ["/login/", "/register/"])
def test_who_is_logged_in_needs_neither_page(client, alice, path):
    client.force_login(alice)

    response = client.get(f"{path}?next=/sources/")

    assert (response.status_code, response.url) == (302, "/sources/")
    assert client.get(f"{path}?next={path}").url == "/"


def test_a_wrong_password_says_no_more_than_that(client, alice):
    wrong = client.post("/login/", {"username": "alice", "password": "x"})
    unknown = client.post("/login/", {"username": "nobody", "password": "x"})

    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert SESSION_KEY not in client.session


def test_logging_out_takes_a_post(client, alice):
    client.force_login(alice)

    assert client.get("/logout/").status_code == 405
    assert SESSION_KEY in client.session
    assert client.post("/logout/").url == "/"
    assert SESSION_KEY not in client.session


def test_sign_up_says_that_mail_goes_to_files(client):
    assert "DATA_DIR/mail" in client.get("/register/").content.decode()
    assert mail.outbox == []
