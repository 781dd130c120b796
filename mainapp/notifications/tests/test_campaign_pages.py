"""Pages of campaigns: compose, preview, test, send, cancel; the log of e-mails; unsubscribing."""

import pytest
from django.apps import apps
from django.utils import timezone

from mainapp.accounts.models import Preferences, User
from mainapp.notifications.models import Attempt, Broadcast, Delivery, Notification
from mainapp.notifications.selectors.deliveries import mails
from mainapp.notifications.services.broadcasts import write_batch
from mainapp.notifications.services.campaigning import send_campaigns
from mainapp.notifications.services.delivering import deliver_due
from mainapp.notifications.tests.factories import campaign, delivery, notice, template

CLUB, CLUB_MEMBER = (apps.get_model("clubs", name) for name in ("Club", "ClubMember"))
COMPOSE = "/notifications/broadcasts/"


@pytest.fixture
def chief(alice, bob, settings):
    User.objects.filter(pk=alice.pk).update(email="alice@example.com")
    alice.refresh_from_db()
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    fields = {"access_level": "admin", "email": "bob@example.com"}
    User.objects.filter(pk=bob.pk).update(**fields)
    bob.refresh_from_db()
    return bob


@pytest.fixture
def page(client, chief):
    client.force_login(chief)
    return client


def make_club(owner):
    now = timezone.now()  # the model is of a feature that this one may not import
    club = CLUB.objects.create(name="Clube", slug="clube", created_at=now)
    CLUB_MEMBER.objects.create(club=club, user=owner, role="owner", joined_at=now)
    return club


def compose(page, **fields):
    return page.post(COMPOSE, {"title": "Oi", "body": "todos", "is_email": "on", **fields})


def test_draft_is_checked_tested_and_sent(page, chief, alice, mailbox):
    row = template(html_pt="<h2>Oi {nome}</h2>")
    drafted = compose(page, template=row.pk)
    shown = page.get(drafted.url).content.decode()
    assert "Chega agora a 2 pessoas." in shown
    assert "O modelo não tem versão em inglês" in shown
    assert not Delivery.objects.exists()

    page.post(f"{drafted.url}test/", {"language": "pt-br"})
    deliver_due()
    assert [(mail["To"], mail["Subject"]) for mail in mailbox.messages] == [
        ("bob@example.com", "Oi, bob")
    ]
    page.post(f"{drafted.url}send/")
    send_campaigns()
    assert sorted(mail["To"] for mail in mailbox.messages[1:]) == sorted(
        [alice.email, "bob@example.com"]
    )
    progress = page.get(f"{drafted.url}progress/").content.decode()
    assert "2 de 2 pessoas" in progress
    assert "hx-get" not in progress


def test_html_preview_runs_and_loads_nothing(page, alice):
    row = template(html_pt="<script>alert(1)</script><p>Oi {nome}</p>")
    drafted = compose(page, template=row.pk)

    answer = page.get(f"{drafted.url}preview/pt-br/")

    policy = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
    assert policy >= {"default-src 'none'", "sandbox", "style-src 'unsafe-inline'"}
    assert "script" not in answer.content.decode()
    assert "<p>Oi a•••</p>" in answer.content.decode()
    assert page.get(f"{drafted.url}preview/xx/").status_code == 404


def test_tests_are_limited(page, chief):
    drafted = compose(page)
    for _ in range(12):
        page.post(f"{drafted.url}test/", {"language": "en"})

    assert Delivery.objects.count() == 10
    assert set(Delivery.objects.values_list("address", flat=True)) == {"bob@example.com"}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"to": "filter"}, "Escolha ao menos um critério."),
        ({"to": "all", "language": "en"}, "Os critérios só valem"),
        ({"to": "club", "club": 999}, "Este clube não existe."),
        ({"to": "club"}, "Este clube não existe."),
        ({"to": "filter", "joined_after": "ontem"}, "data válida"),
        ({"to": "nobody"}, "Faça uma escolha válida"),
    ],
)
def test_wrong_audiences_are_refused(page, fields, error):
    assert error in compose(page, **fields).content.decode()
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Veja https://example.org"),
        ("title", "www.example.org"),
        ("url", "/\t/example.org"),
        ("url", "/a b"),
        ("joined_after", "9999-12-31"),
        ("active_since", "0001-01-01"),
    ],
)
def test_links_in_subjects_foreign_paths_and_far_days_are_refused(page, field, value):
    answer = compose(page, to="filter", level="user", **{field: value})

    assert answer.status_code == 200
    assert answer.context["form"].errors[field]
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "x"])
def test_far_days_filter_no_mails(page, alice, day):
    delivery(alice, kind="email")
    for name in ("since", "until"):
        assert page.get("/notifications/mails/", {name: day}).status_code == 200


def test_campaign_to_a_club_and_to_a_filter(page, alice):
    club = make_club(alice)
    Preferences.objects.create(user=alice, language="en")

    for fields in ({"to": "club", "club": club.pk}, {"to": "filter", "language": "en"}):
        drafted = compose(page, **fields)
        assert "Enviar a 1 pessoa<" in page.get(drafted.url).content.decode()
        page.post(f"{drafted.url}send/")
        send_campaigns()
        Delivery.objects.update(state="sent")

    assert list(Notification.objects.values_list("user", flat=True)) == [alice.pk] * 2


def test_support_chooses_no_club(page, chief, alice):
    User.objects.filter(pk=chief.pk).update(access_level="support")
    club = make_club(alice)

    assert "Número do clube" not in page.get(COMPOSE).content.decode()
    compose(page, to="club", club=club.pk)
    assert not Broadcast.objects.exists()


def test_campaign_is_cancelled_on_its_page(page, chief):
    row = campaign(chief)
    write_batch(at=timezone.now())
    page.post(f"{COMPOSE}{row.pk}/cancel/")

    row.refresh_from_db()
    assert row.state == "cancelled"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}


def test_unsubscribing_by_the_link_of_a_mail(client, chief, alice, mailbox):
    campaign(chief)
    send_campaigns()
    [mail] = [mail for mail in mailbox.messages if mail["To"] == alice.email]
    link = mail["List-Unsubscribe"].strip(" <>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = link[link.index("/notifications/") :]

    assert client.get(path).status_code == 200
    assert not Preferences.objects.exists()
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Preferences.objects.get().gets_news is False
    assert client.post(path[:-3] + "xx/").status_code == 404

    campaign(chief)
    send_campaigns()
    delivery(alice.email)  # an alert's mail, which the preference does not stop
    deliver_due()
    assert [mail["To"] for mail in mailbox.messages].count(alice.email) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_log_takes_the_same_queries_for_any_number_of_rows(
    page, alice, count, django_assert_max_num_queries
):
    for _ in range(count):
        row = delivery(user=alice, address="alice@example.com")
        Attempt.objects.create(delivery=row, at=timezone.now(), outcome="failed", error="450 x")
    page.get("/notifications/mails/")

    with django_assert_max_num_queries(6 + 2):  # and those of the session and the user
        shown = page.get("/notifications/mails/").content.decode()

    assert shown.count("450 x") == count
    assert "alice@example.com" not in shown


def test_log_names_the_kind_of_each_notification(page, alice):
    row = delivery(user=alice)
    row.notification = notice(alice, kind="talk")
    row.save()

    shown = page.get("/notifications/mails/").content.decode()

    assert '<p class="note-title">Conversa</p>' in shown


def test_log_is_filtered(page, chief, alice):
    row = campaign(chief)
    write_batch(at=timezone.now())
    delivery("x@x.com", user=alice)
    notice(alice)
    today = timezone.localdate()
    tomorrow = today + timezone.timedelta(days=1)

    assert mails(campaign=row.pk).count() == 2
    assert mails(person="ALICE").count() == 2
    assert mails(person="x@x.com").count() == 1
    assert mails(state="queued").count() == 2
    assert (mails(since=today).count(), mails(since=tomorrow).count()) == (3, 0)
    assert mails(until=today).count() == 3
    shown = page.get(f"/notifications/mails/?campaign={row.pk}&since=x").content.decode()
    assert "data válida" in shown


def test_failed_mail_is_tried_again_from_the_log(page, alice):
    row = delivery(user=alice)
    Delivery.objects.filter(pk=row.pk).update(state="failed")
    assert "Tentar de novo" in page.get("/notifications/mails/?state=failed").content.decode()

    page.post(f"/notifications/mails/{row.pk}/retry/")

    row.refresh_from_db()
    assert row.state == "waiting"
