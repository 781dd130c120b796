"""Storing, attaching and removing uploads."""

import io
import os
import time
from dataclasses import replace
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mainapp.accounts.models import User
from mainapp.core import bounded_child
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import RateLimited
from mainapp.core.tests.images import encoded, huge_png, photo
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures import decoding
from mainapp.uploads.pictures.folders import FOLDERS
from mainapp.uploads.policies import MAX_BYTES, MAX_TRIES, SIZES, clean_name, type_of_file
from mainapp.uploads.services.uploads import (
    attach_upload,
    delete_attached,
    delete_upload,
    ensure_sweep,
    make_thumbnails,
    prune_uploads,
    store_upload,
    sweep_uploads,
)
from mainapp.uploads.tests.factories import UploadFactory

SECRET = b"lat -23.5 lon -46.6"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def store(owner, data, name="a.png"):
    return store_upload(owner=owner, name=name, data=data, at=timezone.now())


def stored(upload, name):
    return FOLDERS.read(upload.key, name)


def oriented(orientation):
    """Return a picture with a red left half as a camera stores it, turned by `orientation`."""
    image = Image.new("RGB", (120, 60), "blue")
    image.paste("red", (0, 0, 60, 60))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    return encoded(image, "JPEG", exif=exif.tobytes(), comment=SECRET)


def test_a_picture_is_stored_without_its_metadata(alice):
    upload = store(alice, oriented(1), "férias.jpg")
    make_thumbnails(pk=upload.pk)
    upload.refresh_from_db()

    assert (upload.kind, upload.state, upload.name) == ("image", "ready", "férias.jpg")
    assert (upload.width, upload.height, upload.content_type) == (120, 60, "image/webp")
    for name in ("full", *SIZES):
        data = stored(upload, f"{name}.webp")
        assert SECRET not in data
        assert not Image.open(io.BytesIO(data)).getexif()


def with_metadata(kind):
    """Return a picture with the secret wherever its format has a place for it."""
    if kind == "PNG":
        info = PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        return photo(kind=kind, pnginfo=info)
    if kind == "GIF":
        return photo(kind=kind, comment=SECRET)
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    return photo(kind=kind, exif=exif.tobytes(), xmp=SECRET)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_no_stored_byte_has_metadata(alice, kind):
    data = with_metadata(kind)
    assert SECRET in data
    upload = store(alice, data, f"a.{kind.lower()}")
    make_thumbnails(pk=upload.pk)

    for path in FOLDERS.folder(upload.key).iterdir():
        assert SECRET not in path.read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright_in_every_orientation(alice, orientation):
    upload = store(alice, oriented(orientation), "a.jpg")

    picture = Image.open(io.BytesIO(stored(upload, "full.webp")))
    assert picture.size == (upload.width, upload.height)
    assert picture.size == ((120, 60) if orientation < 5 else (60, 120))
    corner = {1: (5, 30), 2: (115, 30), 3: (115, 30), 4: (5, 30)}.get(orientation)
    corner = corner or {5: (30, 5), 6: (30, 5), 7: (30, 115), 8: (30, 115)}[orientation]
    pixel: Any = picture.convert("RGB").getpixel(corner)
    red, _green, blue = pixel
    assert red > 200 > blue


def test_thumbnails_fit_their_sizes_and_large_pictures_are_reduced(alice):
    upload = store(alice, photo((3000, 1500), kind="JPEG"), "a.jpg")
    make_thumbnails(pk=upload.pk)

    sizes = [Image.open(io.BytesIO(stored(upload, f"{n}.webp"))).size for n in ("full", *SIZES)]
    assert sizes == [(2000, 1000), (150, 75), (600, 300), (1200, 600)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", huge_png()),
        ("a.png", photo()[:50]),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.csv", b"a;b\n<svg onload=alert(1)>"),
        ("a.csv", b"a\0b"),
        ("a.png", b"<svg/>"),
        ("a.pdf", b"nothing"),
        ("a.html", b"<html>"),
        ("a.gif", photo()),
        ("a.exe", b"MZ"),
        ("a", b"text"),
    ],
)
def test_other_contents_are_refused_and_leave_no_file(alice, name, data):
    with pytest.raises(DomainError):
        store(alice, data, name)

    assert not Upload.objects.exists()
    assert not FOLDERS.root.exists() or not list(FOLDERS.root.iterdir())


def test_a_file_above_ten_megabytes_is_refused(alice):
    with pytest.raises(DomainError) as caught:
        store(alice, b"a;b\n" * (MAX_BYTES // 4 + 1), "a.csv")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.CSV", "ação;1".encode("latin-1"), "text/csv"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.xlsx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument"),
    ],
)
def test_files_are_known_by_name_and_content(name, data, expected):
    assert type_of_file(name, data).startswith(expected)


def test_names_lose_folders_and_control_characters_and_keep_their_extension():
    assert clean_name("..\\..\\C:/x/\r\nação.csv") == "ação.csv"
    assert clean_name('12" monitor.pdf') == '12" monitor.pdf'
    assert clean_name("...") == "arquivo"
    assert len(clean_name("x" * 300 + ".csv")) == 150
    assert clean_name("x" * 300 + ".csv").endswith(".csv")


def test_uploads_are_limited_per_day(alice, settings):
    settings.UPLOADS_A_DAY = 1
    store(alice, b"a;b", "a.csv")
    with pytest.raises(RateLimited):
        store(alice, b"a;b", "a.csv")


def test_an_upload_is_attached_once_and_by_its_owner(alice, bob):
    upload = UploadFactory(owner=alice)

    def attach(owner, kind="file", pk=upload.pk):
        return attach_upload(pk=pk, owner=owner, kind=kind, audience="message:1")

    for wrong in ({"owner": bob}, {"owner": alice, "kind": "image"}, {"owner": alice, "pk": 99}):
        with pytest.raises(DomainError):
            attach(**wrong)
    assert attach(alice).audience == "message:1"
    with pytest.raises(DomainError):
        attach(alice)


def test_files_leave_the_disk_with_their_audience(alice, django_capture_on_commit_callbacks):
    first, second = store(alice, b"a;b", "a.csv"), store(alice, b"a;b", "b.csv")
    Upload.objects.filter(pk=first.pk).update(audience="message:1")
    with django_capture_on_commit_callbacks(execute=True):
        delete_attached(audience="message:1")
        delete_upload(upload=second)

    assert not Upload.objects.exists()
    assert list(FOLDERS.root.iterdir()) == []


def test_a_broken_picture_is_given_up_and_the_others_go_on(alice):
    broken = UploadFactory(owner=alice, kind="image", state="pending")
    FOLDERS.write(broken.key, "file", b"nothing")
    good = store(alice, photo())
    for _ in range(4):
        sweep_uploads(at=timezone.now())
    broken.refresh_from_db()
    good.refresh_from_db()

    assert (broken.state, broken.tries, bool(broken.reason)) == ("failed", 3, True)
    assert (good.state, good.tries) == ("ready", 1)


def test_the_sweep_spares_new_uploads_and_removes_unattached_old_ones(
    alice, django_capture_on_commit_callbacks
):
    old, new = store(alice, b"a;b", "a.csv"), store(alice, b"a;b", "b.csv")
    Upload.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    orphan, recent = FOLDERS.folder("o" * 22), FOLDERS.folder("r" * 22)
    for path in (orphan, recent):
        path.mkdir(parents=True)
    os.utime(orphan, (time.time() - 7200,) * 2)
    with django_capture_on_commit_callbacks(execute=True):
        sweep_uploads(at=timezone.now())

    assert list(Upload.objects.all()) == [new]
    assert {path.name for path in FOLDERS.root.iterdir()} == {new.key, recent.name}


def test_uploads_without_an_existing_audience_are_pruned(
    alice, bob, django_capture_on_commit_callbacks
):
    UploadFactory(owner=alice, audience="message:999999")
    UploadFactory(owner=alice, audience="user:999999")
    kept = UploadFactory(owner=bob)
    with django_capture_on_commit_callbacks(execute=True):
        prune_uploads()

    assert Upload.objects.get().pk == kept.pk


def test_schedule_is_created_once(db):
    from django_celery_beat.models import PeriodicTask  # noqa: PLC0415

    for _ in range(2):
        ensure_sweep()
    assert PeriodicTask.objects.filter(task__contains="uploads").count() == 2
    assert not User.objects.exists()


def test_a_picture_that_had_to_wait_is_tried_again(alice, monkeypatch):
    monkeypatch.setattr(bounded_child, "_slots", BoundedSemaphore(1))
    monkeypatch.setattr(decoding, "LIMITS", replace(decoding.LIMITS, timeout_s=0.01))
    upload = UploadFactory(owner=alice, kind="image", state="pending")
    with bounded_child._slots:
        for _ in range(MAX_TRIES + 1):
            make_thumbnails(pk=upload.pk)

    upload.refresh_from_db()
    assert (upload.state, upload.tries) == ("pending", 0)
