import re

import pytest
from allauth.account import views
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts import urls
from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD, link_of, log_in

FORM = {
    "username": "ana",
    "email": "ana@example.com",
    "password1": PASSWORD,
    "password2": PASSWORD,
}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("requested", [{}, {"next": "/"}])
def test_sign_up_logs_in_and_leads_to_the_first_steps(client, requested):
    response = client.post("/register/", FORM | requested)

    assert (response.status_code, response.url) == (302, "/bem-vindo/")
    user = User.objects.get(username="ana")
    assert client.session[SESSION_KEY] == str(user.pk)
    assert user.email == "ana@example.com"
    assert not user.is_staff
    assert mail.outbox == []


def test_sign_up_form_has_four_fields(client):
    form = client.get("/register/").context["form"]

    assert list(form.fields) == ["username", "email", "password1", "password2"]
    assert {name: field.widget.attrs["autocomplete"] for name, field in form.fields.items()} == {
        "username": "username",
        "email": "email",
        "password1": "new-password",
        "password2": "new-password",
    }


@pytest.mark.parametrize("path", ["/register/", "/login/"])
@pytest.mark.parametrize(
    ("requested", "redirected"),
    [
        ("/sources/", "/sources/"),
        ("/sources/?a=b&c=d", "/sources/?a=b&c=d"),
        ("http://testserver/sources/", "http://testserver/sources/"),
        ("https://evil.example/", "/"),
        ("http://localhost/", "/"),
        ("//evil.example/", "/"),
        ("\\\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/login/", "/"),
        ("/%6Cogin/", "/"),
        ("/logout/", "/"),
        ("/register/?next=/login/", "/"),
    ],
)
def test_next_redirects_only_within_the_site(client, alice, path, requested, redirected):
    if path == "/register/":
        redirected = "/bem-vindo/" if redirected == "/" else redirected
        response = client.post(path, FORM | {"next": requested})
    else:
        response = log_in(client, next=requested)

    assert (response.status_code, response.url) == (302, redirected)


@pytest.mark.parametrize(("path", "other"), [("/login/", "/register/"), ("/register/", "/login/")])
def test_next_is_passed_between_log_in_and_sign_up(client, path, other):
    page = client.get(f"{path}?next=/sources/").content.decode()

    assert '<input type="hidden" name="next" value="/sources/">' in page
    assert f'href="{other}?next=/sources/"' in page
    assert 'class="button button-primary login-link" href="/login/?next=/sources/"' in page


def test_a_username_is_taken_in_any_case(client, alice):
    response = client.post("/register/", FORM | {"username": "ALICE"})

    assert response.status_code == 200
    assert response.context["form"].errors["username"] == [
        "Um usuário com este nome de usuário já existe."
    ]
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("taken", [{"username": "Ana"}, {"username": "x", "display_name": "ANA"}])
def test_a_username_taken_during_sign_up_is_a_form_error(client, monkeypatch, taken):
    def register_first(user, password):
        monkeypatch.undo()
        User.objects.create(**taken)
        user.set_password(password)

    monkeypatch.setattr(User, "set_password", register_first)
    response = client.post("/register/", FORM)

    assert (response.status_code, list(response.context["form"].errors)) == (200, ["username"])
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "ana"}, "email"),
        ({"username": "a\0na"}, "username"),
        ({"username": "ana " * 60}, "username"),
        ({"username": "ana@example.com"}, "username"),
        ({"username": "ana silva"}, "username"),
        ({"username": "\u0430na"}, "username"),  # Cyrillic
        ({"username": "Suporte"}, "username"),
        ({"password2": "outro"}, "password2"),
        ({"password1": "12345678", "password2": "12345678"}, "password1"),
    ],
)
def test_an_invalid_form_names_the_field(client, change, field):
    response = client.post("/register/", FORM | change)

    assert list(response.context["form"].errors) == [field]
    page = response.content.decode()
    assert page.count(f'id="id_{field}_error"') == 1
    assert re.search(rf'<input[^>]* aria-describedby="[^"]*id_{field}_error', page)
    assert not User.objects.exists()


def test_a_taken_email_is_reported_without_verification(client, alice):
    response = client.post("/register/", FORM | {"email": "ALICE@example.com"})

    assert response.context["form"].errors == {"email": ["Já existe uma conta com este e-mail."]}


def visible_effects_of_sign_up(client, **change):
    """Return everything that a client can observe of a sign-up, without random values."""
    response = client.post("/register/", FORM | change)
    headers = {name: value for name, value in response.headers.items() if name != "Expires"}
    seen = [response.status_code, sorted(headers.items()), sorted(response.cookies)]
    page = client.get(response.url).content.decode()
    again = client.post("/register/", FORM | change | {"email": "other@example.com"})
    entered = log_in(client, change["username"])
    return [
        *seen,
        re.sub(r'(value|content)="\w{64}"|"X-CSRFToken": "\w+"|nonce-\S+', "", page),
        again.context["form"].errors,
        (entered.status_code, entered.url, sorted(entered.cookies)),
        SESSION_KEY in client.session,
    ]


@pytest.mark.usefixtures("_verified")
def test_a_taken_email_is_not_revealed_with_verification(client, client2, alice, time_machine):
    time_machine.move_to(timezone.now(), tick=False)  # pages contain the server's time
    taken = visible_effects_of_sign_up(client, username="bea", email="Alice@example.com")
    free = visible_effects_of_sign_up(client2, username="eva", email="eva@example.com")

    assert taken == free
    assert taken[0] == 302
    assert [message.to for message in mail.outbox][:1] == [["alice@example.com"]]
    assert mail.outbox[0].subject == "[Pregão] Você já tem uma conta"
    assert link_of(mail.outbox[0]) == "/accounts/password/reset/"
    assert User.objects.filter(email="alice@example.com").count() == 1


@pytest.mark.usefixtures("_verified")
def test_an_account_can_log_in_once_its_email_is_verified(client):
    response = client.post("/register/", FORM | {"next": "/sources/"})
    assert response.url == reverse("email-verification-sent")
    assert SESSION_KEY not in client.session
    assert log_in(client, "ana").url == response.url
    assert SESSION_KEY not in client.session

    link = link_of(mail.outbox[0])
    assert client.get(link).status_code == 200
    assert not EmailAddress.objects.get().verified
    client.post(link)
    assert EmailAddress.objects.get().verified
    log_in(client, "ana")
    assert SESSION_KEY in client.session


@pytest.mark.usefixtures("_verified")
def test_verifying_in_the_browser_that_signed_up_logs_in(client, client2):
    client.post("/register/", FORM | {"next": "/sources/"})

    assert client2.get(link_of(mail.outbox[0])).status_code == 200
    assert client.post(link_of(mail.outbox[0])).url == "/sources/"
    assert SESSION_KEY in client.session
    assert SESSION_KEY not in client2.session


@pytest.mark.usefixtures("_verified")
def test_a_verification_link_works_once(client, client2):
    client.post("/register/", FORM)
    link = link_of(mail.outbox[0])
    assert client2.post(link).status_code == 302

    again = client2.post(link)

    assert again.status_code == 200
    assert "Este link não vale mais" in again.content.decode()


def test_optional_verification_logs_in_and_mails(client, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    client.post("/register/", FORM)

    assert SESSION_KEY in client.session
    assert [message.to for message in mail.outbox] == [["ana@example.com"]]


@pytest.mark.parametrize(
    "name", ["alice", "ALICE", " alice ", "alice@example.com", "Alice@Example.com"]
)
def test_log_in_by_username_or_email(client, alice, name):
    response = log_in(client, name)

    assert (response.status_code, response.url) == (302, "/")
    assert client.session[SESSION_KEY] == str(alice.pk)


def test_an_email_shared_by_two_accounts_logs_nobody_in(client, alice):
    User.objects.create_user("bob", "alice@example.com", PASSWORD)

    assert log_in(client, "alice@example.com").status_code == 200
    assert log_in(client, "bob").status_code == 302


def test_logging_in_changes_the_session_key(client, alice):
    session = client.session
    session["kept"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    log_in(client)

    assert client.session["kept"] == 1
    assert client.session.session_key != before
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"


@pytest.mark.parametrize("path", ["/login/", "/register/"])
def test_logged_in_users_are_redirected_from_log_in_and_sign_up(client, alice, path):
    client.force_login(alice)

    response = client.get(f"{path}?next=/sources/")

    assert (response.status_code, response.url) == (302, "/sources/")
    assert client.get(f"{path}?next={path}").url == "/"
    assert client.get(path).url == "/"


def test_a_wrong_password_does_not_reveal_the_account(client, alice):
    pages = [
        log_in(client, name, "x").context["form"].errors
        for name in ("alice", "nobody", "alice@example.com", "nobody@example.com")
    ]

    assert pages == [{"__all__": ["Usuário, e-mail ou senha incorretos."]}] * 4
    assert SESSION_KEY not in client.session


def test_a_deactivated_account_is_revealed_only_to_its_owner(client, alice):
    User.objects.update(is_active=False)

    assert log_in(client).url == reverse("inactive")
    assert log_in(client, password="x").status_code == 200
    assert SESSION_KEY not in client.session


def test_log_out_requires_a_post(client, alice):
    client.force_login(alice)

    page = client.get("/logout/")
    assert page.status_code == 200
    assert '<form class="card card-body account-form" method="post">' in page.content.decode()
    assert SESSION_KEY in client.session
    assert client.post("/logout/").url == "/"
    assert SESSION_KEY not in client.session
    assert client.get("/logout/").url == "/"


def test_sign_up_mentions_that_no_mail_is_sent(client):
    assert "Este servidor não envia e-mails." in client.get("/register/").content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("our_name", "allauth_name", "path"),
    [
        ("login", "account_login", "/login/"),
        ("logout", "account_logout", "/logout/"),
        ("register", "account_signup", "/register/"),
    ],
)
def test_each_page_has_our_name_and_allauths_name(our_name, allauth_name, path):
    assert reverse(our_name) == reverse(allauth_name) == path


# Posts, JSON, and pages of a passkey.
NOT_RENDERED = (
    *("end-session", "end-other-sessions", "passkey-log-in", "rename-passkey", "remove-passkey"),
)


def responses_of_pages(client):
    """Return the response of each page of the accounts, by the page's name."""
    arguments = {"confirm-email": ["a:b:c"], "new-password": ["1", "a-b"], "unlock-link": ["x"]}
    names = [p.name for p in urls.urlpatterns if not p.name.startswith(("account_", "mfa_"))]
    names = [name for name in names if name not in NOT_RENDERED]
    return {name: client.get(reverse(name, args=arguments.get(name, []))) for name in names}


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("known", [True, False])
def test_every_page_uses_our_templates(client, alice, language, known):
    client.cookies["django_language"] = language
    if known:
        client.force_login(alice)
    for name, response in responses_of_pages(client).items():
        assert response.status_code in (200, 302), name
        if response.status_code == 200:
            names = {template.name for template in response.templates if template.name}
            foreign = {
                template.name
                for template in response.templates
                if template.origin and "site-packages/allauth" in str(template.origin.name)
            }
            assert foreign == set(), name
            assert "base.html" in names, name


def test_we_override_every_template_of_allauth():
    used = {
        view.template_name
        for pattern in urls.urlpatterns
        if (view := getattr(pattern.callback, "view_class", None))
        and getattr(view, "template_name", None)
    } | {views.EmailVerificationSentView.template_name}
    foreign = [n for n in used if "allauth" in str(get_template(n).origin.name)]
    assert foreign == []
