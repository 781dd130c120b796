import os
import time

import pytest
from django_celery_beat.models import PeriodicTask

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url
from mainapp.accounts.services.avatars import AVATARS, remove_avatar, set_avatar
from mainapp.core.pictures import decoding
from mainapp.core.pictures.decoding import PictureError
from mainapp.core.pictures.folders import new_key
from mainapp.core.pictures.kinds import ensure_sweep, make_thumbnails, sweep_pictures
from mainapp.core.tests.images import photo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def stored_keys():
    """Return the names of the existing folders."""
    return {path.name for path in AVATARS.folders.root.iterdir()}


def reload(user):
    return User.objects.get(pk=user.pk)


def upload(user, committing, colour="teal"):
    with committing():
        set_avatar(user=user, name="eu.png", data=photo(colour=colour))
    with committing():
        make_thumbnails(AVATARS.name, user.pk)
    return reload(user).avatar_key


def test_a_picture_is_shown_once_its_thumbnails_are_made(alice, committing):
    with committing():
        set_avatar(user=alice, name="eu.png", data=photo())

    waiting = reload(alice)
    assert (avatar_url(waiting, 48), bool(waiting.avatar_pending)) == (None, True)

    with committing():
        make_thumbnails(AVATARS.name, alice.pk)

    ready = reload(alice)
    assert avatar_url(ready, 48) == f"/avatar/{ready.avatar_key}/48"
    assert ready.avatar_pending == ""
    files = {path.name for path in AVATARS.folders.folder(ready.avatar_key).iterdir()}
    assert files == {"48.webp", "150.webp", "600.webp"}  # the original is not kept


def test_a_new_picture_replaces_the_old_one_and_its_files(alice, committing):
    first = upload(alice, committing)
    with committing():
        set_avatar(user=alice, name="eu.png", data=photo(colour="red"))
    assert reload(alice).avatar_key == first  # shown until the new one is ready

    with committing():
        make_thumbnails(AVATARS.name, alice.pk)

    second = reload(alice).avatar_key
    assert second != first
    assert stored_keys() == {second}


def test_the_newer_of_two_uploads_wins(alice, committing):
    for colour in ("red", "blue"):
        with committing():
            set_avatar(user=alice, name="eu.png", data=photo(colour=colour))
    newest = reload(alice).avatar_pending

    with committing():
        make_thumbnails(AVATARS.name, alice.pk)
        make_thumbnails(AVATARS.name, alice.pk)

    assert reload(alice).avatar_key == newest
    assert stored_keys() == {newest}


def test_an_upload_during_thumbnailing_is_not_lost(alice, committing, monkeypatch):
    with committing():
        set_avatar(user=alice, name="eu.png", data=photo(colour="red"))
    make = decoding.make_thumbnails

    def overtaken(key):
        make(key)
        monkeypatch.setattr(decoding, "make_thumbnails", make)
        set_avatar(user=alice, name="eu.png", data=photo(colour="blue"))

    monkeypatch.setattr(decoding, "make_thumbnails", overtaken)
    with committing():
        make_thumbnails(AVATARS.name, alice.pk)
    assert (reload(alice).avatar_key, bool(reload(alice).avatar_pending)) == ("", True)

    newest = reload(alice).avatar_pending
    with committing():
        make_thumbnails(AVATARS.name, alice.pk)

    assert reload(alice).avatar_key == newest


def test_a_refused_picture_leaves_the_old_one(alice, committing):
    key = upload(alice, committing)

    with pytest.raises(PictureError):
        set_avatar(user=alice, name="eu.png", data=photo()[:60])

    assert (reload(alice).avatar_key, reload(alice).avatar_pending) == (key, "")
    assert stored_keys() == {key}


def test_removing_a_picture_removes_its_files(alice, committing):
    upload(alice, committing)
    set_avatar(user=alice, name="eu.png", data=photo())

    with committing():
        remove_avatar(user=alice)
        remove_avatar(user=alice)

    assert (reload(alice).avatar_key, reload(alice).avatar_pending) == ("", "")
    assert stored_keys() == set()


def test_the_sweep_makes_thumbnails_left_by_a_killed_worker(alice, committing):
    with committing():
        set_avatar(user=alice, name="eu.png", data=photo())
    key = reload(alice).avatar_pending
    (AVATARS.folders.folder(key) / "48.webp").write_bytes(b"half")  # killed while it wrote

    with committing():
        sweep_pictures()

    assert reload(alice).avatar_key == key
    assert (AVATARS.folders.thumbnail(key, 48) or b"")[:4] == b"RIFF"


def test_the_sweep_removes_unused_folders_but_no_recent_upload(alice, committing):
    shown = upload(alice, committing)
    set_avatar(user=alice, name="eu.png", data=photo())
    orphan, uploading = new_key(), new_key()
    for key in (orphan, uploading):
        AVATARS.folders.folder(key).mkdir()
    pending = reload(alice).avatar_pending
    (AVATARS.folders.folder(pending) / "source.png").unlink()  # its thumbnails can never be made
    old = time.time() - 7200
    for key in (shown, pending, orphan):
        os.utime(AVATARS.folders.folder(key), (old, old))

    with committing():
        sweep_pictures()

    assert stored_keys() == {shown, uploading}
    assert reload(alice).avatar_pending == ""


def test_thumbnails_without_a_pending_upload_do_nothing(alice):
    make_thumbnails(AVATARS.name, alice.pk)
    make_thumbnails(AVATARS.name, alice.pk + 1)

    assert not AVATARS.folders.root.exists()


def test_sweep_costs_three_queries_for_many_pictures(alice, bob, django_assert_num_queries):
    for user in (alice, bob):
        User.objects.filter(pk=user.pk).update(avatar_key=new_key())
    for _ in range(5):
        folder = AVATARS.folders.folder(new_key())
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))

    with django_assert_num_queries(3):
        sweep_pictures()


def test_the_sweep_is_scheduled_once_and_keeps_the_admins_changes():
    ensure_sweep()
    PeriodicTask.objects.filter(name="sweep_pictures").update(enabled=False)

    ensure_sweep()

    tasks = PeriodicTask.objects.filter(task="sweep_pictures")
    assert [task.enabled for task in tasks] == [False]
