"""The picture of a club: uploaded by managers, and for its members only."""

import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.avatars import AVATARS
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.policies import KEPT
from mainapp.clubs.services.clubs import delete_club, remove_deleted_clubs, restore_club
from mainapp.clubs.services.pictures import CLUB_PICTURES
from mainapp.clubs.templatetags.clubs import club_face
from mainapp.clubs.tests.factories import make_club
from mainapp.core.models import AuditEntry
from mainapp.core.pictures.folders import new_key
from mainapp.core.pictures.kinds import make_thumbnails, sweep_pictures
from mainapp.core.tests.images import photo

pytestmark = pytest.mark.django_db

FOLDERS = CLUB_PICTURES.folders


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def club(alice, bob):
    return make_club(alice, bob, name="Clube dos Ventos")


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def stored(owner, *, field="picture_key", kind=CLUB_PICTURES, is_old=True):
    """Give a club or a user a picture with a thumbnail; return its key."""
    key = new_key()
    folder = kind.folders.folder(key)
    folder.mkdir(parents=True)
    for name in ("150.webp", "source.png"):
        (folder / name).write_bytes(b"RIFF")
    kind.model.objects.filter(pk=owner.pk).update(**{field: key})
    if is_old:
        os.utime(folder, (0, 0))
    return key


def keys(kind=CLUB_PICTURES):
    return {path.name for path in kind.folders.root.iterdir()}


def address(club, key, size=150):
    return reverse("club-picture", args=[club.slug, key, size])


def upload(client, club, data, name="a.png"):
    file = SimpleUploadedFile(name, data)
    path = reverse("update-club-picture", args=[club.slug])
    return client.post(path, {"picture": file}, follow=True)


def test_a_manager_uploads_a_picture_that_members_see(client, club, alice, bob, committing):
    client.force_login(alice)
    assert "Imagem recebida" in upload(client, club, photo()).content.decode()
    with committing():
        make_thumbnails(CLUB_PICTURES.name, club.pk)
    club.refresh_from_db()
    path = address(club, club.picture_key)

    client.force_login(bob)
    answer = client.get(path)
    assert (answer.content[:4], answer["Content-Type"]) == (b"RIFF", "image/webp")
    assert answer["Cache-Control"] == "private, no-store"
    for page in (club.get_absolute_url(), reverse("user-profile", args=[alice.pk])):
        assert club.picture_key in client.get(page).content.decode(), page
    assert club.picture_key in client.get(reverse("clubes")).content.decode()
    suggestions = client.get(reverse("buscar"), {"q": "ventos"}).content.decode()
    assert club.picture_key in suggestions
    uploaded, shown = AuditEntry.objects.filter(model="clubs.club", action="changed").order_by("pk")
    assert (uploaded.actor_id, uploaded.fields) == (alice.pk, ["picture_pending"])
    assert (set(shown.fields), shown.changes) == ({"picture_key", "picture_pending"}, {})


def test_for_others_the_picture_does_not_exist(client, club, alice, bob):
    key = stored(club)
    ClubMember.objects.filter(user=bob).delete()
    staff = User.objects.create_user("root", access_level=User.Access.ADMIN)
    for stranger in (bob, staff):
        client.force_login(stranger)
        own = client.get(address(club, key))
        missing = client.get(f"/clube/nothing/imagem/{key}/150/")
        assert own.status_code == missing.status_code == 404
        assert own.content.replace(club.slug.encode(), b"nothing") == missing.content
    client.logout()
    assert client.get(reverse("avatar", args=[key, 150])).status_code == 404


def test_members_of_another_club_cannot_read_it_by_its_key(client, club, bob):
    key = stored(make_club(User.objects.create_user("carol")))
    client.force_login(bob)

    assert client.get(address(club, key)).status_code == 404
    assert client.get(address(club, stored(club), 49)).status_code == 404


def test_only_managers_change_the_picture(client, club, bob):
    key = stored(club)
    client.force_login(bob)

    assert upload(client, club, photo()).status_code == 404
    assert client.post(reverse("remove-club-picture", args=[club.slug])).status_code == 404
    assert Club.objects.get().picture_key == key


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.png", "O arquivo está vazio."),
        (b"<svg/>", "a.svg", "Envie uma imagem"),
        (bytes(5 * 1024 * 1024 + 1), "a.png", "passa de 5 MB"),
    ],
)
def test_a_bad_picture_is_refused_and_nothing_is_changed(client, club, alice, data, name, message):
    key = stored(club)
    client.force_login(alice)

    assert message in upload(client, club, data, name).content.decode()
    assert keys() == {key}
    assert (Club.objects.get().picture_key, Club.objects.get().picture_pending) == (key, "")


def test_people_and_clubs_share_the_days_limit(client, club, alice, settings):
    settings.PICTURES_A_DAY = 1
    client.force_login(alice)
    client.post("/update-picture/", {"picture": SimpleUploadedFile("a.png", photo())})

    assert "Limite atingido em fotos: 1 em 24 h." in upload(client, club, photo()).content.decode()
    assert Club.objects.get().picture_pending == ""


def test_removing_the_picture_needs_a_confirmation(client, club, alice, committing):
    stored(club)
    client.force_login(alice)
    path = reverse("remove-club-picture", args=[club.slug])

    assert "Remover a imagem do clube?" in client.get(path).content.decode()
    assert Club.objects.get().picture_key
    with committing():
        client.post(path)
    assert (Club.objects.get().picture_key, keys()) == ("", set())


def test_the_sweep_removes_pictures_neither_of_people_nor_of_clubs(club, alice):
    deleted = make_club(alice, archived_at=timezone.now())
    orphans = [stored(club), stored(alice, field="avatar_key", kind=AVATARS)]
    used = {stored(club), stored(club, field="picture_pending"), stored(deleted)}
    avatar = stored(alice, field="avatar_key", kind=AVATARS)

    sweep_pictures()

    assert (keys(), keys(AVATARS)) == (used, {avatar})
    assert not used & set(orphans)


def test_the_sweep_spares_a_picture_whose_thumbnails_are_made_meanwhile(club):
    key = stored(club, field="picture_pending")

    def overtake(execute, sql, *arguments):
        result = execute(sql, *arguments)
        if sql.startswith('SELECT "clubs_club"."picture_'):
            Club.objects.update(picture_key=key, picture_pending="")
        return result

    with connection.execute_wrapper(overtake):
        sweep_pictures()

    assert Club.objects.get().picture_key == key
    assert keys() == {key}


def test_a_deleted_club_keeps_its_picture_until_it_is_removed(club, alice, committing):
    key = stored(club)
    at = timezone.now()
    delete_club(club_pk=club.pk, actor=alice, at=at)
    club.refresh_from_db()
    assert club_face(club)["url"] is None  # its pages do not exist
    restore_club(club_pk=club.pk, actor=alice, at=at)
    assert keys() == {key}

    Club.objects.update(archived_at=at - KEPT)
    with committing():
        remove_deleted_clubs(at=at)
    assert keys() == set()
