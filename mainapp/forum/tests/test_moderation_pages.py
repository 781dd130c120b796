"""Pages, admin and operations of moderation."""

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.forum.services.messages import post_message
from mainapp.forum.tests.factories import MessageFactory, make_direct
from mainapp.moderation.models import Case, Complaint, LogEntry
from mainapp.moderation.services.complaints import complain
from mainapp.moderation.services.suspensions import suspend_user

pytestmark = [pytest.mark.django_db, pytest.mark.database_independent]
CANARY = "canário"


def page_of(client, name, *args):
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def private_case(alice, bob):
    direct = make_direct(alice, bob)
    message = MessageFactory(room=direct, author=bob, body=CANARY)
    complain(kind="message", pk=message.pk, reporter=alice, reason="ofensa", at=timezone.now())
    return Case.objects.get()


def test_a_message_is_reported_and_the_case_decided_by_the_host(
    client, room, alice, bob, carla, support
):
    message = post_message(room_pk=room.pk, author=bob, body="compre já")
    client.force_login(carla)
    sent = client.post(
        reverse("report-message", args=[message.pk]), {"category": "fraud", "reason": "propaganda"}
    )
    assert sent["Location"] == f"/room/{room.pk}/#m1"
    case = Case.objects.get()

    for moderator, path in ((support, "/denuncias/"), (alice, f"/room/{room.pk}/moderation/")):
        client.force_login(moderator)
        html = client.get(path).content.decode() + page_of(client, "complaint", case.pk)
        assert "propaganda" in html
        assert "compre já" in html
        assert ("carla" in html) is (moderator == support)
    decision = {"revision": case.revision, "decision": "removed", "days": "7"}
    assert client.post(reverse("complaint", args=[case.pk]), decision).status_code == 302

    bob.refresh_from_db()
    assert bob.suspended_until is None  # a host suspends nobody
    assert "conteúdo apagado" in page_of(client, "complaint", case.pk)


def test_menu_of_the_account_leads_staff_to_the_complaints(client, alice, support):
    for user, leads in ((alice, False), (support, True)):
        client.force_login(user)
        assert ('href="/denuncias/"' in page_of(client, "privacy")) is leads


def test_late_moderator_sees_the_decision_with_409(client, room, bob, carla, support, admin):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    complain(kind="message", pk=message.pk, reporter=carla, at=timezone.now())
    case = Case.objects.get()
    path = reverse("complaint", args=[case.pk])
    client.force_login(support)
    client.post(path, {"revision": 0, "decision": "dismissed"})

    client.force_login(admin)
    late = client.post(path, {"revision": 0, "decision": "removed"})

    assert late.status_code == 409
    assert "Outra pessoa já decidiu" in late.content.decode()
    assert Case.objects.get().decision == "dismissed"
    message.refresh_from_db()
    assert message.body == "ofensa"


def test_private_text_is_shown_by_an_explicit_act_that_is_logged(
    client, private_case, alice, bob, support, admin
):
    pk = private_case.pk
    for person in (support, admin):
        client.force_login(person)
        for page in (page_of(client, "complaints"), page_of(client, "complaint", pk)):
            assert CANARY not in page
    assert not LogEntry.objects.exists()

    copy = client.post(reverse("complaint-copy", args=[pk])).content.decode()
    assert CANARY in copy
    assert list(LogEntry.objects.values_list("action", "actor")) == [("read_copy", admin.pk)]

    for person in (alice, bob):
        client.force_login(person)
        assert client.post(reverse("complaint-copy", args=[pk])).status_code == 403
        assert client.get(reverse("complaint", args=[pk])).status_code == 404


def test_admin_shows_no_copy(admin_client, private_case, alice, support):
    complaint = Complaint.objects.get()
    LogEntry.objects.create(action="mute", done_at=timezone.now())
    rows = {"case": private_case, "complaint": complaint, "logentry": LogEntry.objects.get()}
    for name, row in rows.items():
        for path in (f"/admin/moderation/{name}/", f"/admin/moderation/{name}/{row.pk}/change/"):
            response = admin_client.get(path, {"q": "a"} if "change" not in path else {})
            assert response.status_code == 200
            assert CANARY not in response.content.decode()
        assert admin_client.get(f"/admin/moderation/{name}/add/").status_code == 403
        change = f"/admin/moderation/{name}/{row.pk}/change/"
        assert admin_client.post(change, {}).status_code == 403


@pytest.mark.parametrize("count", [3, 30])
def test_queue_costs_the_same_for_many_cases(
    client, room, bob, alice, support, count, django_assert_num_queries
):
    for n in range(count):
        message = MessageFactory(room=room, author=bob, body=str(n))
        complain(kind="message", pk=message.pk, reporter=alice, at=timezone.now())
    client.force_login(support)
    with django_assert_num_queries(6):
        client.get("/denuncias/")


def test_suspension_page_suspends_and_ends(client, bob, alice, support):
    path = reverse("suspend-user", args=[bob.pk])
    client.force_login(support)
    client.post(path, {"days": "3", "reason": "regra 1"})
    bob.refresh_from_db()
    assert bob.suspended_until is not None
    assert "Encerrar a suspensão" in client.get(path).content.decode()
    for reader, is_told in ((bob, True), (support, True), (alice, False)):
        client.force_login(reader)
        assert ("regra 1" in page_of(client, "user-profile", bob.pk)) is is_told
    client.force_login(support)
    client.post(path, {"end": "1"})
    bob.refresh_from_db()
    assert bob.suspended_until is None


def test_complaints_by_the_api(client, room, bob, carla, alice):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    client.force_login(carla)

    def post(**data):
        return client.post("/api/v1/complaints/", data, content_type="application/json")

    first = post(kind="message", id=message.pk, category="abuse", reason="ofensa")
    assert (first.status_code, first.json()["kind"], first.json()["state"]) == (
        201,
        "message",
        "open",
    )
    assert post(kind="message", id=message.pk).status_code == 200
    assert post(kind="profile", id=bob.pk).status_code == 201
    for wrong in ({"kind": "profile", "id": carla.pk}, {"kind": "message", "id": 999_999}):
        assert post(**wrong).json()["code"] == "invalid"
    own = client.get("/api/v1/complaints/").json()
    assert [row["kind"] for row in own["results"]] == ["profile", "message"]


def test_words_are_filtered_on_the_page(client, room, alice, bob):
    client.force_login(alice)
    client.post(reverse("filter-words", args=[room.pk]), {"filtered_words": "golpe"})
    client.force_login(bob)
    refused = client.post(f"/room/{room.pk}/", {"body": "é golpe"})
    assert "não aceita “golpe”" in refused.content.decode()


def test_suspended_user_reads_the_reason_in_the_place_of_the_form(client, room, bob, support):
    suspend_user(user=bob, actor=support, days=3, at=timezone.now())
    client.force_login(bob)
    html = client.get(f"/room/{room.pk}/").content.decode()

    assert "Sua participação está suspensa até" in html
    refused = client.post(f"/room/{room.pk}/", {"body": "oi"})
    assert "suspensa até" in refused.context["form"].errors["body"][0]
