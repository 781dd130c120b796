"""Links in allauth's mails begin with SITE_URL, whatever Host the request names."""

import re

import pytest
from allauth.account.models import EmailAddress

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD

LINK = re.compile(r"\S*://\S+")
NEW = {"username": "carla", "email": "carla@example.org"}

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["https://pregao.example", "https://pregao.example/"])
def site_url(request, settings):
    settings.SITE_URL = request.param
    settings.ALLOWED_HOSTS = ["*"]
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def post(client):
    def post_(path, data, **options):
        return client.post(path, data, headers={"host": "evil.example:81"}, **options)

    return post_


def paths(mail):
    """Return the paths of a mail's links, the footer's last, with `…` for the keys in them."""
    links = LINK.findall(mail.body)
    assert [link for link in links if not link.startswith("https://pregao.example/")] == []
    return [re.sub(r"/[^/]*\d[^/]*/$", "/…/", link[22:]) for link in links]


@pytest.mark.usefixtures("site_url")
def test_sign_up_reset_and_taken_address(post, mailoutbox):
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    post("/register/", NEW | passwords)
    user = User.objects.get(username="carla")
    EmailAddress.objects.filter(user=user).update(verified=True)
    post("/accounts/password/reset/", {"email": NEW["email"]})
    post("/register/", NEW | passwords | {"username": "dora"})

    assert [mail.subject for mail in mailoutbox] == [
        "[Pregão] Confirme o seu e-mail",
        "[Pregão] Nova senha",
        "[Pregão] Você já tem uma conta",
    ]
    confirm, reset, taken = map(paths, mailoutbox)
    assert confirm[0].startswith("/accounts/confirm-email/")
    assert reset[0].startswith("/accounts/password/reset/key/")
    assert taken == ["/accounts/password/reset/", "/"]
    assert confirm[1:] == reset[1:] == ["/"]


@pytest.mark.usefixtures("site_url")
def test_registration_through_the_api(post, mailoutbox):
    data = NEW | {"password": PASSWORD}
    response = post("/api/v1/accounts/register/", data, content_type="application/json")

    assert response.status_code == 201
    assert paths(mailoutbox[0])[0].startswith("/accounts/confirm-email/")
