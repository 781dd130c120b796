import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD, link_of, log_in
from mainapp.accounts.views import log_ins

RESET = "/accounts/password/reset/"
NEW = {"password1": "outro-segredo-longo", "password2": "outro-segredo-longo"}

pytestmark = pytest.mark.django_db


def request_reset(client, email="alice@example.com", **extra):
    return client.post(RESET, {"email": email}, **extra)


def follow_link(client):
    """Open the link of the first mail; return the page with the form, and the form's URL."""
    response = client.get(link_of(mail.outbox[0]), follow=True)
    return response, response.context.get("action_url")


def test_a_reset_mails_a_link_that_sets_a_password(client, client2, alice, settings):
    settings.SITE_URL = "https://pregao.example"
    client2.force_login(alice)
    response = request_reset(client, "Alice@Example.com", headers={"host": "localhost:8000"})

    assert (response.status_code, response.url) == (302, f"{RESET}done/")
    assert [(m.to, m.subject) for m in mail.outbox] == [
        (["alice@example.com"], "[Pregão] Nova senha")
    ]
    assert "https://pregao.example/accounts/password/reset/key/" in mail.outbox[0].body
    assert "conta \u2068alice\u2069" in mail.outbox[0].body
    page, action = follow_link(client)
    assert page.status_code == 200
    assert client.post(action, NEW).url == f"{RESET}key/done/"
    assert log_in(client, password=PASSWORD).status_code == 200
    assert log_in(client, password=NEW["password1"]).status_code == 302
    assert client2.get("/login/").status_code == 200  # the old sessions have ended
    assert mail.outbox[1].subject == "[Pregão] Senha redefinida"


def test_a_link_sets_a_password_once(client, client2, alice):
    request_reset(client)
    _page, action = follow_link(client)
    client.post(action, NEW)

    again, _action = follow_link(client2)
    assert "Este link não vale mais" in again.content.decode()
    assert "<form class" not in re.sub(r"(?s)<header.*?</header>", "", again.content.decode())


def test_a_reset_mail_is_in_the_requesters_language(client, alice):
    client.cookies["django_language"] = "en"
    request_reset(client)

    assert mail.outbox[0].subject == "[Pregão] New password"
    assert "Create a new password:" in mail.outbox[0].body


def test_a_reset_does_not_reveal_whether_the_account_exists(client, client2, alice):
    known, unknown = request_reset(client), request_reset(client2, "nobody@example.com")

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert sorted(known.headers.items()) == sorted(unknown.headers.items())
    assert sorted(known.cookies) == sorted(unknown.cookies)
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_a_reset_responds_before_looking_up_the_account(client, alice, queries, monkeypatch):
    saved = []
    with monkeypatch.context() as patch:
        patch.setattr(log_ins, "_save", lambda form, *_: saved.append(form))
        request_reset(client)

    assert queries == []
    assert mail.outbox == []
    assert len(saved) == 1


def test_a_password_change_ends_the_other_sessions(client, client2, alice):
    log_in(client)
    log_in(client2)
    path = reverse("change-password")
    wrong = client.post(path, NEW | {"oldpassword": "x"})
    assert list(wrong.context["form"].errors) == ["oldpassword"]
    weak = client.post(path, {"oldpassword": PASSWORD, "password1": "1234", "password2": "1234"})
    assert list(weak.context["form"].errors) == ["password1"]

    assert client.post(path, NEW | {"oldpassword": PASSWORD}).url == "/"

    assert SESSION_KEY in client.session
    assert client.get("/login/").status_code == 302
    assert client2.get("/login/").status_code == 200
    assert [message.subject for message in mail.outbox] == ["[Pregão] Senha alterada"]
    assert "127.0.0.1" in mail.outbox[0].body
    assert log_in(client2, password=NEW["password1"]).status_code == 302


def test_pages_of_an_account_require_a_log_in(client):
    for name in ("change-password", "email", "set-password", "reauthenticate"):
        assert client.get(reverse(name)).url == f"/login/?next={reverse(name)}"


def test_an_email_change_requires_the_password_and_the_link(client, alice):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    log_in(client)
    form = {"email": "nova@example.com", "action_add": ""}

    response = client.post("/accounts/email/", form)
    assert response.url == "/accounts/reauthenticate/?next=%2Faccounts%2Femail%2F"
    assert mail.outbox == []
    client.post(response.url, {"password": PASSWORD})
    assert [message.to for message in mail.outbox] == [["nova@example.com"]]
    assert User.objects.get().email == "alice@example.com"

    client.post(link_of(mail.outbox[0]))
    assert User.objects.get().email == "nova@example.com"
    assert [address.email for address in EmailAddress.objects.all()] == ["nova@example.com"]
    assert (mail.outbox[1].to, mail.outbox[1].subject) == (
        ["alice@example.com"],
        "[Pregão] E-mail alterado",
    )


def test_another_accounts_email_is_not_revealed(client, alice, bob, time_machine):
    time_machine.move_to(timezone.now(), tick=False)  # pages contain the server's time
    User.objects.filter(pk=bob.pk).update(email="bob@example.com")
    EmailAddress.objects.create(user=bob, email="bob@example.com", primary=True, verified=True)
    log_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    answers = [
        client.post("/accounts/email/", {"email": email, "action_add": ""}, follow=True)
        for email in ("bob@example.com", "free@example.com")
    ]

    shown = [
        re.sub(r'"\w{64}"|nonce-\S+', "", answer.content.decode()).replace("bob@", "free@")
        for answer in answers
    ]
    assert shown[0] == shown[1]


def test_an_unverified_email_can_be_verified_later(client, alice):
    log_in(client)

    page = client.get("/accounts/email/").content.decode()
    assert "alice@example.com" in page
    assert "falta confirmar" in page
    assert not EmailAddress.objects.exists()
    client.post("/accounts/email/", {"email": "alice@example.com", "action_send": ""})
    client.post(link_of(mail.outbox[0]))
    assert ">confirmado<" in client.get("/accounts/email/").content.decode()
