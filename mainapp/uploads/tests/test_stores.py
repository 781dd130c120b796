"""Media in a bucket (on a real S3 server) and in a folder, both shared by two hosts."""

import logging
import socket

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from moto.server import ThreadedMotoServer

from mainapp.accounts.services.avatars import AVATARS, set_avatar
from mainapp.core.audience import key_of
from mainapp.core.pictures.folders import Folders, new_key
from mainapp.core.pictures.kinds import make_thumbnails, sweep_pictures
from mainapp.core.pictures.stores import MediaUnavailable
from mainapp.core.tests.images import photo
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures.folders import FOLDERS
from mainapp.uploads.services.uploads import copy_upload, delete_upload, store_upload
from project import media
from tests.instances import run

BUCKET, KEYS = "pregao", {"MEDIA_S3_ACCESS_KEY": "key", "MEDIA_S3_SECRET_KEY": "secret" * 5}
PDF = b"%PDF-1.7 a report"
OLD_S = -1.0  # seconds: everything counts as old


@pytest.fixture(scope="module")
def server():
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture
def use_bucket(settings, monkeypatch):
    """Return a function that puts media into the bucket of the server at a URL."""

    def use(url):
        variables = {"MEDIA_S3_BUCKET": BUCKET, "MEDIA_S3_URL": url, "MEDIA_S3_REGION": "us-east-1"}
        for name, value in (variables | KEYS).items():
            monkeypatch.setenv(name, value)
        settings.MEDIA_S3_BUCKET, storage = media.read_media_settings()
        settings.STORAGES = {**settings.STORAGES, "default": storage}
        return variables | KEYS

    return use


@pytest.fixture
def bucket(server, use_bucket):
    """The objects of an empty bucket, and the variables that lead to it."""
    use_bucket(server)
    found = default_storage.bucket
    found.create()
    yield found
    found.objects.all().delete()
    found.delete()


def names(bucket):
    return {item.key.rpartition("/")[2] for item in bucket.objects.all()}


@pytest.mark.django_db(transaction=True)
def test_avatar_lives_in_the_bucket_alone(bucket, alice, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "first"
    set_avatar(user=alice, name="me.png", data=photo())
    assert names(bucket) == {"source.png"}

    settings.MEDIA_ROOT = tmp_path / "second"  # the worker's host
    make_thumbnails(AVATARS.name, alice.pk)

    alice.refresh_from_db()
    assert names(bucket) == {"48.webp", "150.webp", "600.webp"}
    response = client.get(reverse("avatar", args=[alice.avatar_key, 48]))
    assert response.content[:4] == b"RIFF"
    assert list(tmp_path.iterdir()) == []

    set_avatar(user=alice, name="me.png", data=photo())
    make_thumbnails(AVATARS.name, alice.pk)
    assert len(list(bucket.objects.all())) == 3  # those of the first picture are gone


@pytest.mark.django_db(transaction=True)
def test_uploads_are_private_in_the_bucket(bucket, alice, bob, client):
    upload = store_upload(owner=alice, name="report.pdf", data=PDF, at=timezone.now())
    path = reverse("upload-file", args=[upload.pk])

    assert client.get(path).status_code == 404  # without a session
    client.force_login(bob)
    assert client.get(path).status_code == 404
    client.force_login(alice)
    response = client.get(path)
    assert (response.status_code, response.content) == (200, PDF)
    assert response["Cache-Control"] == "private, no-store"
    (item,) = bucket.objects.all()
    assert {grant["Grantee"]["Type"] for grant in item.Acl().grants} == {"CanonicalUser"}


@pytest.mark.django_db(transaction=True)
def test_copies_and_deletions_reach_the_bucket(bucket, alice):
    upload = store_upload(owner=alice, name="report.pdf", data=PDF, at=timezone.now())
    copy = copy_upload(pk=upload.pk, audience=key_of("user", alice.pk), at=timezone.now())

    delete_upload(upload=upload)

    assert FOLDERS.read(upload.key, "file") is None
    assert FOLDERS.read(copy.key, "file") == PDF
    assert Upload.objects.count() == 1


@pytest.mark.django_db
def test_sweep_removes_unknown_folders_of_the_bucket(bucket, monkeypatch):
    AVATARS.folders.write(new_key(), "48.webp", b"RIFF")
    FOLDERS.write(new_key(), "file", PDF)
    sweep_pictures()
    assert names(bucket) == {"48.webp", "file"}  # they may belong to an upload in progress

    monkeypatch.setattr("mainapp.core.pictures.kinds.ORPHAN_S", OLD_S)
    sweep_pictures()

    assert names(bucket) == {"file"}  # each kind removes its own


def test_folders_have_the_same_contents_in_both_stores(bucket, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def use_folders():
        folders, key, copy = Folders("pictures"), new_key(), new_key()
        with folders.workspace(key) as folder:
            (folder / "full.webp").write_bytes(b"picture")
        with folders.workspace(key, "full.webp") as folder:
            (folder / "150.webp").write_bytes((folder / "full.webp").read_bytes() + b", small")
        folders.copy(key, copy)
        folders.remove_file(copy, "full.webp")
        folders.copy(new_key(), new_key())
        old, recent = set(folders.keys_older_than(OLD_S)), set(folders.keys_older_than(60))
        folders.remove(key)
        files = ("full.webp", "150.webp")
        return (
            old == {key, copy},
            recent,
            [folders.read(folder, name) for folder in (key, copy) for name in files],
        )

    in_bucket = use_folders()
    settings.MEDIA_S3_BUCKET = ""

    assert in_bucket == use_folders() == (True, set(), [None, None, None, b"picture, small"])


def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.fixture
def silent_port():
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.django_db(transaction=True)
def test_page_and_upload_say_that_the_bucket_is_away(use_bucket, alice, client, caplog):
    use_bucket(f"http://127.0.0.1:{closed_port()}")
    caplog.set_level(logging.CRITICAL)
    client.raise_request_exception = False

    page = client.get(reverse("avatar", args=[new_key(), 48]))

    assert page.status_code == 503
    assert page["Retry-After"]
    with pytest.raises(MediaUnavailable) as refused:
        store_upload(owner=alice, name="report.pdf", data=PDF, at=timezone.now())
    assert refused.value.status == 503
    assert not Upload.objects.exists()


def test_silent_bucket_is_given_up(use_bucket, silent_port, monkeypatch, caplog):
    assert media.CONNECT_TIMEOUT_S + media.READ_TIMEOUT_S <= 5
    monkeypatch.setattr(media, "READ_TIMEOUT_S", 0.1)
    use_bucket(f"http://127.0.0.1:{silent_port}")
    caplog.set_level(logging.CRITICAL)

    with pytest.raises(MediaUnavailable):
        FOLDERS.read(new_key(), "file")
    FOLDERS.remove(new_key())  # of a row that is already deleted: the sweep repeats it


@pytest.mark.parametrize("is_bucket", [True, False])
def test_two_hosts_share_media(is_bucket, server, use_bucket, tmp_path):
    variables = use_bucket(server) if is_bucket else {}
    if is_bucket:
        default_storage.bucket.create()
    shared, key = tmp_path / "shared", new_key()
    shared.mkdir()
    start = (
        "import django; django.setup(); from mainapp.core.pictures.folders import Folders; "
        "folders = Folders('avatars'); "
    )
    actions = (
        f"folders.write({key!r}, '48.webp', b'RIFF')",
        f"print(folders.read({key!r}, '48.webp'))",
    )
    results = []
    for host, action in enumerate(actions):
        data_dir = tmp_path / str(host)
        data_dir.mkdir()
        (data_dir / "media").symlink_to(shared)
        production = {"SECRET_KEY": "k" * 50, "QUOTE_SOURCE": "brapi", "DATA_DIR": str(data_dir)}
        module = {"DJANGO_SETTINGS_MODULE": "project.settings"}
        done = run("-c", start + action, **production, **module, **variables)
        results.append(done.stdout or done.stderr)

    assert results == ["", "b'RIFF'\n"]
    assert bool(list(shared.iterdir())) is not is_bucket
