"""Pictures and files of messages: open to the message's current readers, and to nobody else."""

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.core.tests.images import photo
from mainapp.forum.fanout.archive import Reader
from mainapp.forum.models import Participant, Room
from mainapp.forum.selectors.messages import wire_message
from mainapp.forum.services.messages import delete_message, post_message
from mainapp.forum.services.rooms import delete_room
from mainapp.forum.tests.factories import RoomFactory, make_group
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures.folders import FOLDERS
from mainapp.uploads.services.uploads import make_thumbnails, store_upload


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def store(owner, name="ação.csv", data=b"a;b"):
    upload = store_upload(owner=owner, name=name, data=data, at=timezone.now())
    make_thumbnails(pk=upload.pk)
    return upload


def send(room, author, upload, **content):
    return post_message(
        room_pk=room.pk,
        author=author,
        kind=upload.kind,
        content={"upload": upload.pk, **content},
    )


def paths(upload):
    sizes = ["", "150/", "600/", "1200/"] if upload.kind == "image" else [""]
    return [f"/uploads/{upload.pk}/{size}" for size in sizes]


def test_a_picture_has_a_caption_and_an_address(alice, bob):
    upload = store(alice, "a.png", photo((80, 60)))
    sent = send(make_group(alice, bob), alice, upload, caption="**Oi**")
    item = wire_message(sent.pk).item_for(Reader(bob.pk))

    assert item["content"] == {
        "upload": upload.pk,
        "url": f"/uploads/{upload.pk}/",
        "width": 80,
        "height": 60,
        "caption": "**Oi**",
    }
    assert item["body_html"] == "<p><strong>Oi</strong></p>"


def test_a_file_has_its_name_and_size(alice, bob):
    upload = store(alice)
    sent = send(make_group(alice, bob), alice, upload)
    item = wire_message(sent.pk).item_for(Reader(bob.pk))

    assert (item["content"]["name"], item["content"]["size"]) == ("ação.csv", 3)
    assert item["body_html"] == f'<p><a href="/uploads/{upload.pk}/">ação.csv</a></p>'


def test_only_own_unattached_uploads_of_the_kind_are_sent(alice, bob):
    room, upload = make_group(alice, bob), store(bob)
    with pytest.raises(DomainError):
        send(room, alice, upload)
    send(room, bob, upload)
    with pytest.raises(DomainError):
        send(room, bob, upload)
    room.refresh_from_db()
    assert room.last_seq == 1


@pytest.mark.parametrize("name", ["a.png", "ação.csv"])
@pytest.mark.parametrize("person", ["stranger", "admin", "left", "newcomer", "anonymous"])
def test_files_of_a_private_room_are_plain_404s_for_others(client, alice, bob, name, person):
    room = make_group(alice, bob)
    upload = store(alice, name, photo() if name == "a.png" else b"a;b")
    send(room, alice, upload)
    level = User.Access.ADMIN if person == "admin" else User.Access.USER
    other = User.objects.create_user("other", access_level=level)
    if person == "newcomer":
        Participant.objects.create(room=room, user=other, joined_at=timezone.now(), joined_seq=1)
    if person == "left":
        Participant.objects.filter(user=bob).update(left_at=timezone.now())
        other = bob
    if person != "anonymous":
        client.force_login(other)

    for path in paths(upload):
        for headers in ({}, {"Range": "bytes=0-1"}):
            assert client.get(path, headers=headers).status_code == 404
        assert client.head(path).status_code == 404


@pytest.mark.parametrize("name", ["a.png", "ação.csv"])
def test_files_are_private_attachments_for_those_who_may_read(client, alice, bob, name):
    upload = store(alice, name, photo() if name == "a.png" else b"a;b")
    send(make_group(alice, bob), alice, upload)
    client.force_login(bob)
    for path in paths(upload):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer.content


@pytest.mark.parametrize("name", ['12" a.csv', "ação.csv", "a\r\nb.csv", "x" * 300 + ".csv"])
def test_any_name_gives_a_valid_header(client, alice, name):
    upload = store(alice, name)
    client.force_login(alice)
    answer = client.get(f"/uploads/{upload.pk}/")

    assert answer.status_code == 200
    assert "\n" not in answer["Content-Disposition"]


def test_an_unattached_upload_is_its_owners(client, alice, bob):
    upload = store(alice)
    client.force_login(bob)
    assert client.get(f"/uploads/{upload.pk}/").status_code == 404
    client.force_login(alice)
    assert client.get(f"/uploads/{upload.pk}/").status_code == 200


def test_files_of_the_forum_are_public(client, alice):
    upload = store(alice)
    send(RoomFactory(), alice, upload)

    assert client.get(f"/uploads/{upload.pk}/").status_code == 200


@pytest.mark.parametrize("deletes", ["message", "room"])
def test_files_close_and_leave_the_disk_with_their_message(
    client, alice, django_capture_on_commit_callbacks, deletes
):
    room = RoomFactory(host=alice)
    upload = store(alice)
    send(room, alice, upload)
    with django_capture_on_commit_callbacks(execute=True):
        if deletes == "message":
            delete_message(room_pk=room.pk, seq=1, actor=alice)
        else:
            delete_room(room_pk=room.pk, actor=alice)

    assert client.get(f"/uploads/{upload.pk}/").status_code == 404
    assert not Upload.objects.exists()
    assert list(FOLDERS.root.iterdir()) == []


def test_files_of_a_deleted_room_are_closed_before_they_are_swept(client, alice):
    room, upload = RoomFactory(), store(alice)
    send(room, alice, upload)
    Room.objects.all().delete()

    assert client.get(f"/uploads/{upload.pk}/").status_code == 404
