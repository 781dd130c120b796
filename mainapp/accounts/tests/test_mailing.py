"""The mails about an account: text and HTML, one button, texts of users."""

import inspect
import re
from datetime import UTC, datetime

import pytest
from allauth.account import adapter
from allauth.account.internal import flows
from django.core import mail

from mainapp.accounts.models import User
from mainapp.accounts.services.mailing import MAILS, send_account_mail
from mainapp.core.templatetags.isolation import FIRST_STRONG_ISOLATE, POP

SITE = "https://pregao.example"
NASTY = "eve\u202e\n<b>& "  # reverses the text after it, breaks the line, has markup
CONTEXT = {
    "user": User(username=NASTY),
    "username": NASTY,
    "activate_url": f"{SITE}/accounts/confirm-email/k3y/",
    "password_reset_url": f"{SITE}/accounts/password/reset/key/k3y/",
    "unlock_url": f"{SITE}/accounts/unlock/k3y/",
    "from_email": NASTY,
    "to_email": NASTY,
    "deleted_email": NASTY,
    "timestamp": datetime(2026, 11, 29, 15, 4, tzinfo=UTC),
    "ip": "203.0.113.7",
    "user_agent": NASTY,
}
BUTTONS = {
    "account_already_exists": "/accounts/password/reset/",
    "email_changed": "/accounts/password/change/",
    "email_confirmation": "/accounts/confirm-email/k3y/",
    "email_confirmation_signup": "/accounts/confirm-email/k3y/",
    "email_deleted": "/accounts/password/reset/",
    "password_changed": "/accounts/password/reset/",
    "password_reset": "/accounts/password/reset/",
    "password_reset_key": "/accounts/password/reset/key/k3y/",
    "password_set": "/accounts/password/reset/",
    "recovery_codes_generated": "/accounts/password/reset/",
    "second_factor_reset": "/accounts/2fa/",
    "totp_activated": "/accounts/password/reset/",
    "totp_deactivated": "/accounts/password/reset/",
    "webauthn_added": "/accounts/password/reset/",
    "webauthn_removed": "/accounts/password/reset/",
    "unlock": "/accounts/unlock/k3y/",
}


@pytest.fixture
def send(settings):
    """Return a function that sends a mail and returns it with its HTML."""
    settings.SITE_URL = SITE

    def send_(kind):
        send_account_mail(kind=kind, email="ana@example.org", context=CONTEXT)
        message = mail.outbox[-1]
        [(html, mimetype)] = message.alternatives
        assert mimetype == "text/html"
        return message, html

    return send_


@pytest.mark.parametrize("kind", MAILS)
def test_both_parts_have_one_button_and_links_of_this_site(send, kind):
    message, html = send(kind)

    assert message.subject.startswith("[Pregão] ")
    assert re.findall(r'mail-button" href="([^"]+)"', html) == [f"{SITE}{BUTTONS[kind]}"]
    links = re.findall(r"https?://[^\s\"<]+", message.body)
    assert links == [f"{SITE}{BUTTONS[kind]}", f"{SITE}/"]
    assert set(re.findall(r'(?:href|src)="([^"]+)"', html)) == set(links)
    assert not re.search(r"<img|<link|url\(|@import", html)


@pytest.mark.parametrize("kind", MAILS)
def test_texts_of_users_are_isolated_on_one_line_and_escaped(send, kind):
    message, html = send(kind)

    assert "\u202e" not in message.body + html
    assert "<b>" not in html
    theirs = re.findall(rf"{FIRST_STRONG_ISOLATE}([^{POP}]*){POP}", message.body)
    assert set(theirs) <= {"eve <b>&", "ana@example.org"}
    assert theirs
    assert message.body.count("eve") == theirs.count("eve <b>&")


def test_a_notice_has_the_time_and_origin_of_the_change(send):
    message, html = send("password_changed")

    for part in (message.body, html):
        assert "Quando: 29/11/2026, 12:04 (horário de São Paulo)" in part
        assert "Endereço IP: 203.0.113.7" in part


def test_every_mail_of_allauth_has_a_text_here():
    sources = [inspect.getsource(adapter)]
    sources += [
        inspect.getsource(flow)
        for flow in (flows.manage_email, flows.password_change, flows.password_reset, flows.signup)
    ]
    names = set(re.findall(r'"account/email/(\w+)"', "".join(sources)))

    # Mails to addresses without an account are off: see ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS.
    assert names - {"unknown_account", "email_confirmation_"} <= set(MAILS)
