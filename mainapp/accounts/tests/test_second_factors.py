"""Second factors by code: activation, the second step of the log-in, limits, keys."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from mainapp.accounts.models import User
from mainapp.accounts.services import second_factors
from mainapp.accounts.services.second_factors import WrongCode, matching_step, use_code
from mainapp.accounts.tests.factors import (
    SECRET,
    code_at,
    confirm,
    give_app,
    give_recovery_codes,
    log_in_with_code,
    send_code,
)
from mainapp.accounts.tests.people import PASSWORD, log_in
from mainapp.core import sealing
from mainapp.core.limits import RateLimited, Unavailable, redis_store
from mainapp.core.models import AuditEntry

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 15, tzinfo=UTC)
OVERVIEW = "/accounts/2fa/"


@pytest.fixture
def member(client, alice):
    """A logged-in browser that has just confirmed its password."""
    log_in(client)
    confirm(client)
    return client


def is_logged_in(client):
    return SESSION_KEY in client.session


def shown_secret(page):
    return re.search(r'factor-secret">([A-Z2-7]{32})<', page.content.decode())[1]


def activate(client):
    secret = shown_secret(client.get("/accounts/2fa/app/"))
    return secret, client.post("/accounts/2fa/app/", {"code": code_at(secret=secret)}, follow=True)


# Activation ------------------------------------------------------------------------------------


def test_an_app_is_activated_by_its_first_code_and_recovery_codes_are_shown_once(member, alice):
    page = member.get("/accounts/2fa/app/").content.decode()
    assert '<svg class="qr" viewBox="0 0 ' in page
    assert re.search(r"<svg[^>]*style=|<script(?! src)[^>]*>[^<]", page) is None

    _secret, codes_page = activate(member)

    codes = re.findall(r"<li><code>(\d{8})</code>", codes_page.content.decode())
    assert len(set(codes)) == 10
    assert f'href="data:text/plain;charset=utf-8,{"".join(f"{c}%0A" for c in codes)}"' in (
        codes_page.content.decode()
    )
    again = member.get("/accounts/2fa/codes/").content.decode()
    assert [code for code in codes if code in again] == []
    assert sorted(Authenticator.objects.values_list("type", flat=True)) == [
        "recovery_codes",
        "totp",
    ]


def test_a_wrong_first_code_activates_nothing_and_keeps_the_secret(member):
    secret = shown_secret(member.get("/accounts/2fa/app/"))
    answer = member.post("/accounts/2fa/app/", {"code": "000000"})

    assert "Código errado" in answer.content.decode()
    assert shown_secret(answer) == secret
    assert not Authenticator.objects.exists()


def test_the_code_that_activated_the_app_does_not_log_in(member, alice):
    secret, _page = activate(member)
    other = Client()

    assert log_in_with_code(other, code_at(secret=secret)).status_code == 200
    assert not is_logged_in(other)


def test_changes_need_the_password_once_more(client, alice):
    log_in(client)
    give_app(alice)
    for path in ("app/remove/", "codes/renew/", "passkeys/add/"):
        answer = client.post(f"/accounts/2fa/{path}", headers={"host": "localhost"})
        assert answer.url.startswith("/accounts/reauthenticate/?next="), path
    assert Authenticator.objects.count() == 1


def test_deactivation_also_deletes_the_recovery_codes_and_mails_it(member, alice):
    activate(member)
    mail.outbox.clear()

    assert member.post("/accounts/2fa/app/remove/").url == OVERVIEW

    assert not Authenticator.objects.exists()
    assert [message.subject for message in mail.outbox] == ["[Pregão] App autenticador desativado"]


def test_activation_and_new_recovery_codes_are_mailed(member, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        activate(member)
        member.post("/accounts/2fa/codes/renew/")

    assert [message.subject for message in mail.outbox] == [
        "[Pregão] Segundo fator ativado",
        "[Pregão] Novos códigos de recuperação",
    ]


# The second step -------------------------------------------------------------------------------


def test_the_password_alone_does_not_log_in(client, alice):
    give_app(alice)

    assert log_in(client).url == "/accounts/2fa/login/"

    assert not is_logged_in(client)
    assert client.get("/carteira").url.startswith("/login/")
    assert client.get("/accounts/2fa/login/").status_code == 200


def test_a_right_code_logs_in_and_leads_to_the_requested_page(client, alice):
    give_app(alice)
    log_in(client, next="/alerts/")

    assert send_code(client, f" {code_at()[:3]} {code_at()[3:]} ").url == "/alerts/"
    assert is_logged_in(client)


def test_the_second_step_without_a_first_one_leads_to_the_log_in(client):
    assert client.get("/accounts/2fa/login/").url == "/login/"


@pytest.mark.parametrize(("steps", "is_right"), [(-2, 0), (-1, 1), (0, 1), (1, 1), (2, 0)])
def test_one_step_before_and_after_is_accepted(alice, steps, is_right):
    code = code_at(NOON, steps=steps)
    assert (matching_step(SECRET, code, at=NOON) is not None) == bool(is_right)


def test_the_codes_are_those_of_rfc_6238():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of its appendix B, here with 6 digits
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        at = datetime.fromtimestamp(seconds, UTC)
        assert matching_step(secret, code, at=at) == seconds // 30


def test_a_code_is_accepted_once_for_as_long_as_it_would_be_valid(alice):
    give_app(alice)
    code = code_at(NOON)
    use_code(user=alice, code=code, at=NOON)

    for later_s in (0, 29, 31, 59):  # allauth forgets a used code after 30 s
        with pytest.raises(WrongCode):
            use_code(user=alice, code=code, at=NOON + timedelta(seconds=later_s))
    with pytest.raises(WrongCode):  # nor an older one
        use_code(user=alice, code=code_at(NOON, steps=-1), at=NOON)


def test_a_recovery_code_is_accepted_once(client, alice):
    give_app(alice)
    code = give_recovery_codes(alice)[3]

    assert log_in_with_code(client, code).status_code == 302
    other = Client()
    assert log_in_with_code(other, code).status_code == 200
    assert not is_logged_in(other)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["totp", "recovery_codes"])
def test_of_concurrent_uses_of_a_code_one_succeeds(alice, kind):
    give_app(alice)
    codes = give_recovery_codes(alice)
    code = code_at(NOON) if kind == "totp" else codes[0]

    def attempt(_number):
        try:
            use_code(user=alice, code=code, at=NOON)
        except WrongCode:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == [False, False, False, True]


# Limits ----------------------------------------------------------------------------------------


def test_five_wrong_codes_are_checked_wherever_they_come_from(alice):
    give_app(alice)
    answers = []
    for number in range(7):
        browser = Client(REMOTE_ADDR=f"198.51.100.{number + 1}")
        answers.append(log_in_with_code(browser, "000000").content.decode())

    assert ["Códigos errados demais" in answer for answer in answers] == [False] * 5 + [True] * 2


def test_a_right_password_does_not_reset_the_wrong_codes(client, alice):
    give_app(alice)
    for _number in range(5):
        log_in_with_code(Client(), "000000")

    log_in(client)

    assert "Códigos errados demais" in send_code(client, code_at()).content.decode()
    assert not is_logged_in(client)


def test_a_right_code_resets_the_wrong_ones(alice):
    give_app(alice)
    for _number in range(4):
        with pytest.raises(WrongCode):
            use_code(user=alice, code="000000", at=NOON)
    use_code(user=alice, code=code_at(NOON), at=NOON)

    for _number in range(5):
        with pytest.raises(WrongCode):
            use_code(user=alice, code="000000", at=NOON)
    with pytest.raises(RateLimited):
        use_code(user=alice, code=code_at(NOON, steps=1), at=NOON)


def test_no_code_is_checked_without_redis(alice, monkeypatch):
    give_app(alice)
    monkeypatch.setattr(redis_store._Outage, "until", float("inf"))

    with pytest.raises(Unavailable):
        use_code(user=alice, code=code_at(NOON), at=NOON)


# Keys ------------------------------------------------------------------------------------------


def dump():
    """Return all that the database contains about second factors."""
    rows = [*Authenticator.objects.values_list("data", flat=True)]
    return str(rows) + str([session.get_decoded() for session in Session.objects.all()])


def test_the_database_contains_no_secret_also_during_the_activation(member):
    secret = shown_secret(member.get("/accounts/2fa/app/"))
    assert secret not in dump()
    page = member.post("/accounts/2fa/app/", {"code": code_at(secret=secret)}, follow=True)
    codes = re.findall(r"<li><code>(\d{8})</code>", page.content.decode())

    assert len(codes) == 10
    assert [text for text in (secret, *codes) if text in dump()] == []


def test_without_the_key_no_code_is_accepted_and_the_page_tells_why(client, alice, settings):
    give_app(alice)
    codes = give_recovery_codes(alice)
    settings.MFA_KEY = "another key of this site"

    for code in (code_at(), codes[0]):
        answer = log_in_with_code(client, code).content.decode()
        assert "a chave que o protege mudou. Fale com quem administra" in answer
    assert not is_logged_in(client)


def test_a_replaced_key_opens_what_the_old_one_sealed_until_it_is_sealed_again(alice, settings):
    give_app(alice)
    give_recovery_codes(alice)
    settings.MFA_KEY, settings.MFA_KEY_FALLBACKS = "the second key, a new one", [settings.MFA_KEY]
    use_code(user=alice, code=code_at(NOON), at=NOON)
    assert second_factors.ensure_key() == "on"

    output = StringIO()
    call_command("reseal_second_factors", stdout=output)
    call_command("reseal_second_factors", stdout=output)

    assert output.getvalue().splitlines() == [
        "2 secrets encrypted with the current key",
        "0 secrets encrypted with the current key",
    ]
    settings.MFA_KEY_FALLBACKS = []
    use_code(user=alice, code=code_at(NOON, steps=1), at=NOON)


def test_resealing_refuses_secrets_that_no_key_opens(alice, settings):
    give_app(alice)
    settings.MFA_KEY = "another key of this site"

    with pytest.raises(CommandError, match="MFA_KEY_FALLBACKS"):
        call_command("reseal_second_factors")


def test_the_setup_creates_the_key_once_and_never_replaces_a_lost_one(alice, settings, tmp_path):
    settings.MFA_KEY, settings.DATA_DIR = "", tmp_path
    assert second_factors.ensure_key() == "on"
    created = sealing.key_text()
    assert second_factors.ensure_key() == "on"
    assert sealing.key_text() == created
    assert sealing.key_path().stat().st_mode & 0o777 == 0o600

    give_app(alice)
    sealing.key_path().unlink()

    assert second_factors.ensure_key().startswith("OFF: 1 secrets are sealed by a key that is")
    assert not sealing.key_path().exists()
    settings.MFA_KEY = "another key of this site"
    assert second_factors.ensure_key().startswith("OFF for 1 of 1 secrets")


def test_without_a_key_an_app_cannot_be_activated(member, settings, tmp_path):
    settings.MFA_KEY, settings.DATA_DIR = "", tmp_path

    page = member.get("/accounts/2fa/app/", follow=True)

    assert page.redirect_chain == [(OVERVIEW, 302)]
    assert "Fale com quem administra este servidor" in page.content.decode()


# Removal by staff, audit -----------------------------------------------------------------------


def test_the_command_removes_a_persons_factors_and_mails_it(client, alice):
    give_app(alice)
    give_recovery_codes(alice)
    output = StringIO()

    call_command("reset_second_factor", "ALICE@example.com", stdout=output)

    assert output.getvalue() == "alice: 2 second factors removed\n"
    assert mail.outbox[-1].subject == "[Pregão] Segundo fator removido"
    assert log_in(client).url == "/"
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_second_factor", "nobody")


def test_an_admin_removes_a_persons_factors_in_the_admin(client, alice):
    give_app(alice)
    root = User.objects.create_user("root2", access_level="admin")
    client.force_login(root)
    data = {"action": "remove_second_factors", "_selected_action": [alice.pk]}

    client.post("/admin/accounts/user/", data)

    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.filter(model="mfa.authenticator").latest("pk")
    assert (entry.action, entry.way, entry.actor_id) == ("deleted", "admin", root.pk)
    assert entry.changes == {"user": [alice.pk, None], "type": ["totp", None]}


def test_the_audit_records_factors_without_their_secrets(member, alice):
    activate(member)
    member.post("/accounts/2fa/codes/renew/")
    sealed = [row.data.get("secret") or row.data["seed"] for row in Authenticator.objects.all()]

    entries = AuditEntry.objects.filter(model="mfa.authenticator").order_by("pk")

    assert {(entry.action, entry.way, entry.actor_id) for entry in entries} == {
        (action, "page", alice.pk) for action in ("created", "changed", "deleted")
    }
    text = str([(entry.fields, entry.changes) for entry in entries])
    assert [secret for secret in sealed if secret in text] == []
    assert {name for entry in entries for name in entry.fields} == {"data"}


def test_the_admin_has_no_pages_of_secrets_and_sessions(client):
    root = User.objects.create_user("root2", access_level="admin")
    client.force_login(root)

    for path in ("/admin/mfa/authenticator/", "/admin/usersessions/usersession/"):
        assert client.get(path).status_code == 404


# Cost ------------------------------------------------------------------------------------------


def test_a_log_in_computes_one_hash_with_and_without_a_factor(client, alice, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415 - to count its calls

    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, *arguments: hashed.append(1) or encode(self, *arguments),
    )
    log_in(Client())
    give_app(alice)
    log_in_with_code(client, code_at())

    assert len(hashed) == 2  # one for each of the two log-ins


# Staff -----------------------------------------------------------------------------------------


@pytest.fixture
def staff(settings, alice):
    settings.ADMIN_REQUIRES_SECOND_FACTOR = True
    User.objects.filter(pk=alice.pk).update(access_level="admin")
    return alice


@pytest.mark.parametrize("path", ["/admin/", "/denuncias/"])
def test_staff_without_a_factor_are_sent_to_activate_one(client, staff, path):
    log_in(client)

    page = client.get(path, follow=True)

    assert page.redirect_chain == [(OVERVIEW, 302)]
    assert "A administração pede um segundo fator" in page.content.decode()
    answer = client.get(path, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")


def test_staff_who_used_their_factor_are_admitted(client, staff):
    give_app(staff)
    log_in_with_code(client, code_at())

    assert client.get("/admin/").status_code == 200
    assert client.get("/denuncias/").status_code == 200


def test_staff_who_activated_a_factor_in_this_session_have_to_use_it(client, staff):
    log_in(client)
    give_app(staff)

    answer = client.get("/admin/?a=b", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/confirm/?next=%2Fadmin%2F%3Fa%3Db"

    data = {"code": code_at(), "next": "/admin/?a=b"}
    assert client.post("/accounts/2fa/confirm/", data).url == "/admin/?a=b"
    assert client.get("/admin/").status_code == 200


def test_nothing_is_required_of_others_or_without_the_setting(client, staff, settings):
    settings.ADMIN_REQUIRES_SECOND_FACTOR = False
    log_in(client)
    assert client.get("/admin/").status_code == 200

    settings.ADMIN_REQUIRES_SECOND_FACTOR = True
    member = Client()
    User.objects.create_user("bob", password=PASSWORD)
    log_in(member, "bob")
    assert member.get("/carteira").status_code == 200
    assert member.get("/denuncias/").status_code == 403


def test_the_use_of_a_recovery_code_is_audited_as_its_owners(client, alice):
    give_app(alice)
    codes = give_recovery_codes(alice)
    AuditEntry.objects.all().delete()

    log_in_with_code(client, codes[0])
    names = {"username": "alice", "password": PASSWORD, "code": codes[1]}
    Client().post("/api/v1/accounts/login/", names, content_type="application/json")

    rows = AuditEntry.objects.order_by("pk").values_list("way", "actor_id", "model", "fields")
    assert list(rows) == [
        ("page", alice.pk, "mfa.authenticator", ["data"]),
        ("api", alice.pk, "mfa.authenticator", ["data"]),
    ]


def test_the_keys_are_saved_apart_and_restored(settings, tmp_path):
    settings.DATA_DIR, keys = tmp_path / "new", tmp_path / "keys"
    settings.DATA_DIR.mkdir()
    settings.VAPID_KEY = ""
    call_command("backup", keys=keys, stdout=StringIO())
    key, settings.MFA_KEY = settings.MFA_KEY, ""

    call_command("restore", keys=keys, stdout=StringIO())

    assert sealing.key_text() == key
