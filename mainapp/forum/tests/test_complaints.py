"""Complaints, their cases and copies, and decisions."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connections
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import RateLimited
from mainapp.forum.models import Message
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.services.rooms import create_room
from mainapp.forum.tests.factories import MessageFactory, make_direct, make_group
from mainapp.moderation.models import Case, Complaint, LogEntry
from mainapp.moderation.selectors.cases import case_for, open_cases_of, queue
from mainapp.moderation.services.complaints import (
    AlreadyDecided,
    complain,
    decide_case,
    forget_copies,
    read_copy,
)
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures.folders import FOLDERS
from mainapp.uploads.services.uploads import prune_uploads, store_upload

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def report(message, reporter, **fields):
    kind = fields.pop("kind", "message")
    return complain(kind=kind, pk=message.pk, reporter=reporter, at=NOW, **fields)


def decide(case, actor, decision="dismissed", **fields):
    values = {"revision": case.revision, "decision": decision, "at": NOW} | fields
    return decide_case(pk=case.pk, actor=actor, **values)


def texts(case, n=-1):
    return [line["text"] for line in case.copies[n]["lines"]]


def log():
    columns = ("action", "actor__username", "target__username", "place", "detail")
    return list(LogEntry.objects.order_by("pk").values_list(*columns))


def test_complaints_about_one_thing_are_one_case(room, alice, bob, carla, support):
    message = post_message(room_pk=room.pk, author=bob, body="compre já")

    first, is_new = report(message, carla, category="fraud", reason="golpe")
    assert (first.category, first.reason, is_new) == ("fraud", "golpe", True)
    assert report(message, carla, reason="outra") == (first, False)
    report(message, support)

    case = Case.objects.get()
    assert (case.person, case.scope, case.place) == (bob, f"room:{room.pk}", "Sala")
    assert case.complaints.count() == 2
    for reporter, wrong in ((bob, message), (carla, Message(pk=999_999))):
        with pytest.raises(DomainError):
            report(wrong, reporter)


def test_parallel_complaints_open_one_case(transactional_db, room, bob):
    message = post_message(room_pk=room.pk, author=bob, body="compre já")
    people = [User.objects.create_user(f"p{n}") for n in range(6)]

    def complain_and_close(person):
        close_old_connections()
        try:
            return report(message, person)[1]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(complain_and_close, people)) == [True] * 6
    assert (Case.objects.count(), Complaint.objects.count()) == (1, 6)


def test_copy_of_a_private_room_has_five_messages_before_and_after(alice, bob, support):
    group = make_group(alice, bob, name="Segredo")
    messages = [MessageFactory(room=group, author=bob, body=str(n)) for n in range(1, 16)]

    report(messages[7], alice)

    case = Case.objects.get()
    assert texts(case) == [str(n) for n in range(3, 14)]
    assert [line["is_reported"] for line in case.copies[0]["lines"]] == [False] * 5 + [True] + [
        False
    ] * 5
    # Neither the room's name nor its moderators: the copy is all that staff see.
    assert (case.is_private, case.scope, case.place) == (True, "", "")


def test_copy_has_only_what_the_reporter_may_read(alice, bob, carla):
    group = make_group(alice, bob)
    MessageFactory(room=group, author=bob, body="antes")
    group.participants.create(user=carla, joined_at=NOW, joined_seq=1)
    message = MessageFactory(room=group, author=bob, body="depois")

    report(message, carla)

    assert texts(Case.objects.get()) == ["depois"]


def test_strangers_of_a_private_room_cannot_complain(alice, bob, carla, support):
    message = MessageFactory(room=make_direct(alice, bob), author=bob)

    for stranger in (carla, support):
        with pytest.raises(DomainError):
            report(message, stranger)


def test_a_blocked_person_can_be_complained_about(alice, bob):
    message = MessageFactory(room=make_direct(alice, bob), author=bob)
    block_user(blocker=alice, blocked=bob, at=NOW)

    assert report(message, alice)[1]


def test_an_edit_before_another_complaint_is_copied_too(room, bob, carla, support, admin):
    message = post_message(room_pk=room.pk, author=bob, body="ok")
    report(message, carla)
    report(message, User.objects.create_user("dora"))
    edit_message(room_pk=room.pk, seq=1, author=bob, body="ofensa")
    report(message, support)

    case = Case.objects.get()
    assert [texts(case, n) for n in range(len(case.copies))] == [["ok"], ["ofensa"]]
    with pytest.raises(AlreadyDecided, match="mudou desde"):  # the first copy alone was seen
        decide_case(pk=case.pk, revision=0, decision="dismissed", actor=admin, at=NOW)
    decide(case, admin)


def test_copy_outlives_the_message_and_its_author(room, bob, carla, support):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    report(message, carla)
    delete_message(room_pk=room.pk, seq=1, actor=bob)
    bob.delete()

    case = Case.objects.get()
    assert (case.state, case.person, texts(case)) == ("open", None, ["ofensa"])
    decide(case, support)


def test_one_act_closes_all_complaints_and_the_late_moderator_gets_a_conflict(
    room, alice, bob, carla, support
):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    for reporter in (carla, support):
        report(message, reporter)
    seen = Case.objects.get()

    decide(seen, alice, "removed", note="regra 1")
    with pytest.raises(AlreadyDecided) as late:
        decide(seen, support)

    assert (late.value.code, late.value.status) == ("conflict", 409)
    case = Case.objects.get()
    assert (case.state, case.decision, case.closed_by) == ("closed", "removed", alice)
    message.refresh_from_db()
    assert (message.body, message.deleted_at is not None) == ("", True)
    assert log() == [
        ("delete_message", "alice", "bob", "Sala", "#1"),
        ("resolve_report", "alice", "bob", "Sala", "removed regra 1"),
    ]


def test_of_two_parallel_decisions_one_wins(transactional_db, room, alice, bob, carla, support):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    report(message, carla)
    case = Case.objects.get()

    def decide_and_close(actor):
        close_old_connections()
        try:
            decide(case, actor)
        except AlreadyDecided:
            return "conflict"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as threads:
        results = sorted(threads.map(decide_and_close, [alice, support]))
    assert results == ["conflict", "done"]
    assert LogEntry.objects.count() == 1


def test_dismissing_never_brings_a_deleted_message_back(room, bob, carla, support):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    report(message, carla)
    delete_message(room_pk=room.pk, seq=1, actor=bob)

    decide(Case.objects.get(), support)

    message.refresh_from_db()
    assert message.deleted_at is not None


def test_deleting_as_a_moderator_closes_the_case(room, alice, bob, carla):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    report(message, carla)

    delete_message(room_pk=room.pk, seq=1, actor=alice)

    assert Case.objects.get().decision == "removed"


def test_removal_of_a_private_message_is_left_to_staff(alice, bob, support):
    group = make_group(alice, bob, name="Segredo")
    message = MessageFactory(room=group, author=bob, body="ofensa")
    report(message, alice)
    case = Case.objects.get()

    with pytest.raises(Case.DoesNotExist):
        decide(case, alice, "removed")
    decide(case, support, "removed")

    message.refresh_from_db()
    assert message.body == ""
    assert [entry[3] for entry in log()] == ["", ""]
    assert "Segredo" not in str(log())


def test_nobody_sees_a_case_about_themselves(room, alice, bob, support, admin):
    about_host = post_message(room_pk=room.pk, author=alice, body="a")
    about_support = post_message(room_pk=room.pk, author=support, body="b")
    for message in (about_host, about_support):
        report(message, bob)
    first, second = Case.objects.order_by("pk")

    assert open_cases_of(first.scope, moderator=alice) == [second]
    assert list(queue(support)) == [first]
    assert list(queue(admin)) == [first, second]
    for case, person in ((first, alice), (second, support), (first, bob)):
        with pytest.raises(Case.DoesNotExist):
            case_for(case.pk, person)


def test_no_entry_about_the_reported_names_or_quotes_the_reporter(room, alice, bob, carla):
    message = post_message(room_pk=room.pk, author=bob, body="ofensa")
    report(message, carla, reason="sou a carla")
    decide(Case.objects.get(), alice)

    assert all("carla" not in str(entry) for entry in log())


def test_complaints_have_a_daily_limit(room, bob, carla, settings):
    settings.COMPLAINTS_A_DAY = 1
    first, second = (post_message(room_pk=room.pk, author=bob, body=text) for text in "ab")
    report(first, carla)
    report(first, carla)  # a repetition costs nothing

    with pytest.raises(RateLimited):
        report(second, carla)


def test_a_reported_picture_is_copied_for_staff_until_the_copies_are_removed(
    alice, bob, support, client
):
    direct = make_direct(alice, bob)
    upload = store_upload(owner=bob, name="a.csv", data=b"a;b\n", at=NOW)
    message = post_message(
        room_pk=direct.pk, author=bob, kind="file", content={"upload": upload.pk}
    )
    report(upload, alice, kind="file")
    delete_message(room_pk=direct.pk, seq=message.seq, actor=bob)

    case, kept = Case.objects.get(), Upload.objects.get()
    assert (case.kind, case.subject_id) == ("message", message.pk)
    assert (kept.owner, kept.audience) == (None, f"case:{case.pk}")
    line = case.copies[0]["lines"][0]
    assert (line["file"], line["name"]) == (kept.pk, "a.csv")

    def status(person):
        client.force_login(person)
        return client.get(f"/uploads/{kept.pk}/").status_code

    assert status(support) == 404  # a guessed address, which would not be logged
    read_copy(pk=case.pk, actor=support, at=NOW)
    assert [status(person) for person in (support, alice, bob)] == [200, 404, 404]

    decide(case, support)
    prune_uploads()
    assert FOLDERS.read(kept.key, "file")
    assert forget_copies(before=timezone.now()) == 1
    prune_uploads()
    assert not Upload.objects.exists()


def test_a_profile_is_reported_and_cleared(alice, bob, support, admin):
    User.objects.filter(pk=bob.pk).update(display_name="Suporte oficial", bio="mande a senha")
    complain(kind="profile", pk=bob.pk, reporter=alice, at=NOW)

    case = Case.objects.get()
    assert texts(case) == ["Suporte oficial\n@bob\nmande a senha"]
    decide(case, support, "removed", days=7, note="regra 2")

    bob.refresh_from_db()
    assert (bob.display_name, bob.bio) == ("", "")
    assert (bob.suspended_until - NOW).days == 7
    assert bob.suspension_reason == "regra 2"


def test_an_empty_room_list_has_no_case(alice, bob):
    room = create_room(host=alice, name="Sala")
    assert open_cases_of(f"room:{room.pk}", moderator=bob) == []
