"""Campaigns sent to a real SMTP server: whom they reach, how, and at most once each."""

from datetime import timedelta
from threading import Thread

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.services.deletion import delete_account
from mainapp.accounts.services.preferences import save_preferences
from mainapp.core.audience import Audience, register_audience
from mainapp.core.exceptions import DomainError
from mainapp.notifications.models import Attempt, Broadcast, Delivery, Notification
from mainapp.notifications.policies import SENDING_LEASE
from mainapp.notifications.selectors.audiences import Reach, people_in, reach_of
from mainapp.notifications.services import campaigning
from mainapp.notifications.services.broadcasts import (
    cancel_campaign,
    create_campaign,
    send_campaign,
    write_batch,
)
from mainapp.notifications.services.campaign_mails import (
    begin_sending,
    claim_mails,
    expire_sending,
    prepare_mails,
    retry_mail,
)
from mainapp.notifications.services.campaigning import send_campaigns
from mainapp.notifications.services.delivering import deliver_due
from mainapp.notifications.services.outbox import claim_due, record_attempt
from mainapp.notifications.tests.factories import campaign, delivery, template
from mainapp.notifications.transports import smtp


@pytest.fixture
def chief(bob, settings):
    """An admin without an e-mail."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    User.objects.filter(pk=bob.pk).update(access_level="admin", email="")
    bob.refresh_from_db()
    return bob


@pytest.fixture
def people(chief):
    return [User.objects.create_user(f"u{n}", f"u{n}@x.com") for n in range(4)]


@pytest.fixture
def club(people):
    """The audience `test:1`: the ids of its members, a list that a test can change."""
    members = [people[0].pk, people[1].pk]
    register_audience(
        Audience(
            kind="test",
            may_see=lambda user, pk: False,
            existing=lambda pks: pks,
            users=lambda pk: members,
            name=lambda pk: "Clube do Zé",
        )
    )
    return members


def states():
    return dict(Delivery.objects.values_list("address", "state"))


def received(mailbox):
    return sorted(mail["To"] for mail in mailbox.messages)


def test_campaign_reaches_each_person_once_over_one_connection(mailbox, chief, people, monkeypatch):
    opened, real = [], smtp._connect
    monkeypatch.setattr(smtp, "_connect", lambda server: opened.append(1) or real(server))
    campaign(chief)

    assert [send_campaigns() for _ in range(4)] == [4, 0, 0, 0]
    assert received(mailbox) == [f"u{n}@x.com" for n in range(4)]
    assert set(states().values()) == {"sent"}
    assert opened == [1]
    assert Broadcast.objects.get().state == "done"


def test_the_log_keeps_neither_text_nor_link(mailbox, chief, people):
    campaign(chief, template=template(html_pt="<p>{link}</p>"), url="/sources/")
    send_campaigns()

    link = mailbox.messages[0]["List-Unsubscribe"].strip(" <>")
    assert link in mailbox.messages[0].get_body(["plain"]).get_content()
    assert set(Delivery.objects.values_list("text", "html")) == {("", "")}
    assert [row.headers for row in Delivery.objects.all()] == [{}] * 4
    assert "http" not in "".join(Delivery.objects.values_list("subject", flat=True))


def test_one_bad_subject_and_one_refused_address_stop_only_themselves(mailbox, chief, people):
    mailbox.answers = {"u1@x.com": "550 no such user", "u2@x.com": "450 later"}
    campaign(chief)
    write_batch(at=timezone.now())
    Delivery.objects.filter(address="u0@x.com").update(subject="a\nb")

    send_campaigns()

    assert states() == {
        "u0@x.com": "failed",
        "u1@x.com": "failed",
        "u2@x.com": "queued",
        "u3@x.com": "sent",
    }
    later = Delivery.objects.get(address="u2@x.com")
    assert later.due_at > timezone.now()
    mailbox.answers.clear()
    Delivery.objects.filter(pk=later.pk).update(due_at=timezone.now())
    assert send_campaigns() == 1
    assert received(mailbox) == ["u2@x.com", "u3@x.com"]


def test_mail_whose_fate_is_unknown_is_not_sent_again(mailbox, chief, people):
    mailbox.lost = 1
    campaign(chief)
    send_campaigns()
    Delivery.objects.update(due_at=timezone.now())
    send_campaigns()

    assert sorted(states().values()) == ["sent", "sent", "sent", "unknown"]
    assert len(mailbox.messages) == 4
    assert Attempt.objects.filter(outcome="unknown").count() == 1


def test_mail_of_a_killed_sender_is_perhaps_delivered_and_its_late_result_counts(chief, people):
    at = timezone.now()
    campaign(chief)
    write_batch(at=at)
    first, second, *others = prepare_mails(claim_mails(at=at))
    assert [begin_sending(mail, at=at) for mail in (first, second)] == [True, True]

    assert expire_sending(at=at) == 0
    later = at + SENDING_LEASE
    assert (expire_sending(at=later), expire_sending(at=later)) == (2, 0)
    assert [mail.pk for mail in claim_mails(at=later)] == [mail.pk for mail in others]
    assert claim_due(limit=50, at=later) == []
    record_attempt(delivery=second, error=None, at=later)

    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)[:2]) == [
        "unknown", "sent"
    ]  # fmt: skip


def test_claim_is_used_by_one_sender_only(chief, people):
    at = timezone.now()
    campaign(chief)
    write_batch(at=at)
    mine = prepare_mails(claim_mails(at=at))
    assert claim_mails(at=at) == []
    theirs = prepare_mails(claim_mails(at=at + timedelta(seconds=61)))  # mine expired

    assert [mail.pk for mail in mine] == [mail.pk for mail in theirs]
    assert [begin_sending(mail, at=at) for mail in theirs] == [True] * 4
    assert [begin_sending(mail, at=at) for mail in mine] == [False] * 4


def test_the_audience_is_read_again_when_the_mails_are_sent(mailbox, chief, people, club):
    club += [people[2].pk, people[3].pk]
    campaign(chief, audience="test:1")
    write_batch(at=timezone.now())
    club.remove(people[0].pk)
    User.objects.filter(pk=people[1].pk).update(is_active=False)
    save_preferences(user=people[2], gets_news=False)
    User.objects.filter(pk=people[3].pk).update(email="new@x.com")

    send_campaigns()

    assert received(mailbox) == ["new@x.com"]
    assert states() == {
        "u0@x.com": "cancelled",
        "u1@x.com": "cancelled",
        "u2@x.com": "cancelled",
        "new@x.com": "sent",
    }


def test_deleted_account_gets_nothing(mailbox, chief, people):
    campaign(chief)
    write_batch(at=timezone.now())
    delete_account(user=people[0])
    send_campaigns()

    assert received(mailbox) == ["u1@x.com", "u2@x.com", "u3@x.com"]


def test_club_and_filter_reach_exactly_their_people_in_inbox_and_mail(mailbox, chief, people, club):
    Preferences.objects.create(user=people[3], language="en")
    for fields in ({"audience": "test:1"}, {"conditions": {"language": "en"}}):
        campaign(chief, **fields)
        send_campaigns()

    notified = Notification.objects.order_by("user").values_list("user", flat=True)
    assert list(notified) == [people[n].pk for n in (0, 1, 3)]
    assert received(mailbox) == ["u0@x.com", "u1@x.com", "u3@x.com"]
    assert write_batch(at=timezone.now()) == 0


@pytest.mark.parametrize(
    ("conditions", "reached"),
    [
        ({"language": "pt-br"}, [1, 2, 3]),
        ({"language": "en"}, [0]),
        ({"joined_after": "2026-03-02"}, [2, 3]),
        ({"joined_before": "2026-03-02"}, [0, 1]),
        ({"joined_after": "2026-03-02", "joined_before": "2026-03-03"}, [2]),
        ({"active_since": "2026-03-02"}, [1]),
        ({"is_verified": True}, [2]),
        ({"is_verified": False}, [0, 1, 3]),
        ({"level": "support"}, [3]),
    ],
)
def test_filters(people, chief, conditions, reached):
    User.objects.filter(pk=chief.pk).update(is_active=False)
    noon = timezone.make_aware(timezone.datetime(2026, 3, 1, 12))
    for n, person in enumerate(people):
        User.objects.filter(pk=person.pk).update(date_joined=noon + timedelta(days=max(0, n - 1)))
    User.objects.filter(pk=people[1].pk).update(last_login=noon + timedelta(days=1))
    User.objects.filter(pk=people[3].pk).update(access_level="support")
    EmailAddress.objects.create(user=people[2], email="U2@x.com", verified=True)
    Preferences.objects.create(user=people[0], language="en")

    row = Broadcast(conditions=conditions, is_email=True)

    assert list(people_in(row)) == [people[n] for n in reached]


def test_reach_counts_people_and_mails(people, chief, club, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    EmailAddress.objects.create(user=people[0], email="U0@x.com", verified=True)
    EmailAddress.objects.create(user=people[1], email="u1@x.com", verified=False)

    assert reach_of(Broadcast(is_email=True)) == Reach(people=5, mails=1)
    assert reach_of(Broadcast(is_email=True, audience="test:1")) == Reach(people=2, mails=1)
    assert reach_of(Broadcast(is_email=False)) == Reach(people=5, mails=0)


def test_cancelling_stops_what_is_not_sent_yet(mailbox, chief, people, monkeypatch):
    monkeypatch.setattr("mainapp.notifications.services.broadcasts.BATCH", 2)
    row = campaign(chief)
    write_batch(at=timezone.now())
    claimed = prepare_mails(claim_mails(at=timezone.now()))
    cancel_campaign(broadcast=row, actor=chief, at=timezone.now())

    assert [begin_sending(mail, at=timezone.now()) for mail in claimed] == [False] * len(claimed)
    send_campaigns()
    assert mailbox.messages == []
    assert set(states().values()) == {"cancelled"}
    with pytest.raises(DomainError):
        cancel_campaign(broadcast=row, actor=chief, at=timezone.now())


def test_draft_is_sent_once(chief, people):
    draft = create_campaign(author=chief, title="Oi", body="x", is_email=True, at=timezone.now())
    assert write_batch(at=timezone.now()) == 0
    send_campaign(broadcast=draft, actor=chief, at=timezone.now())
    with pytest.raises(DomainError):
        send_campaign(broadcast=draft, actor=chief, at=timezone.now())

    assert Notification.objects.count() == 1


def test_only_admins_send_to_a_club(chief, club):
    chief.access_level = "support"
    with pytest.raises(DomainError):
        create_campaign(author=chief, title="x", body="x", audience="test:1", at=timezone.now())


def test_template_with_a_club_needs_one(chief, club):
    named = template(text_pt="{clube}")
    with pytest.raises(DomainError):
        create_campaign(author=chief, title="x", body="x", template=named, at=timezone.now())

    fields = {"title": "x", "body": "x", "template": named, "is_email": True}
    campaign(chief, audience="test:1", **fields)
    send_campaigns()
    assert Delivery.objects.count() == 2


def test_rate_setting_limits_campaigns_and_not_alerts(mailbox, chief, people, settings):
    settings.MAILS_A_MINUTE = 3
    campaign(chief)
    delivery("alert@x.com")

    assert [send_campaigns(), send_campaigns()] == [3, 0]
    assert sorted(states().values()) == ["queued", "sent", "sent", "sent", "waiting"]
    assert deliver_due() == 1
    assert "alert@x.com" in received(mailbox)


def test_alert_arrives_while_a_campaign_s_mail_hangs(mailbox, chief, people, transactional_db):
    mailbox.hanging = {"u0@x.com"}
    campaign(chief)
    sending = Thread(target=send_campaigns)
    sending.start()
    while not mailbox.tries:
        sending.join(0.01)

    delivery("alert@x.com")
    deliver_due()

    assert received(mailbox) == ["alert@x.com"]
    mailbox.released.set()
    sending.join()
    assert len(mailbox.messages) == 4


def test_unreachable_server_is_left_alone_and_loses_nothing(chief, people, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    campaign(chief)

    assert send_campaigns() == campaigning.MAX_OUR_FAILURES
    assert set(states().values()) == {"queued"}


def test_failed_mail_is_retried_by_an_admin(mailbox, chief, people):
    mailbox.answers = {"u1@x.com": "550 no such user"}
    campaign(chief)
    send_campaigns()
    mailbox.answers.clear()
    [failed] = Delivery.objects.filter(state="failed")

    retry_mail(delivery=failed, actor=chief, at=timezone.now())
    assert send_campaigns() == 1

    assert len(mailbox.messages) == 4
    with pytest.raises(DomainError):
        retry_mail(delivery=failed, actor=chief, at=timezone.now())


def test_connection_that_the_server_closed_is_opened_again(mailbox, chief, people, monkeypatch):
    monkeypatch.setattr("mainapp.notifications.transports.smtp.MAX_MESSAGES", 3)
    mailbox.final_answer = "421 too many"
    campaign(chief)
    send_campaigns()
    assert set(states().values()) == {"queued"}

    mailbox.final_answer = "250 OK"
    Delivery.objects.update(due_at=timezone.now())
    assert send_campaigns() == 4
    assert set(states().values()) == {"sent"}
