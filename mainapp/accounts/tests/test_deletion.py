import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.services.avatars import AVATARS
from mainapp.accounts.services.deletion import delete_account
from mainapp.core.exceptions import DomainError
from mainapp.core.pictures.folders import new_key

pytestmark = pytest.mark.django_db


def enter(user):
    client = Client()
    client.force_login(user)
    return client


def test_account_sessions_and_preferences_are_deleted(alice, bob):
    for user in (alice, alice, bob):
        enter(user)
    Preferences.objects.create(user=alice, theme="dark")

    delete_account(user=alice)

    assert list(User.objects.all()) == [bob]
    sessions = [session.get_decoded() for session in Session.objects.all()]
    assert [session["_auth_user_id"] for session in sessions] == [str(bob.pk)]
    assert not Preferences.objects.exists()


def test_pictures_are_removed_after_the_commit(
    alice, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    alice.avatar_key, alice.avatar_pending = new_key(), new_key()
    alice.save()
    for key in (alice.avatar_key, alice.avatar_pending):
        AVATARS.folders.folder(key).mkdir(parents=True)

    with django_capture_on_commit_callbacks(execute=True):
        delete_account(user=alice)
        assert len(list(AVATARS.folders.root.iterdir())) == 2

    assert list(AVATARS.folders.root.iterdir()) == []


def test_the_last_admin_cannot_be_deleted(alice, bob):
    User.objects.filter(pk=alice.pk).update(access_level="admin")
    User.objects.filter(pk=bob.pk).update(access_level="admin", is_active=False)

    with pytest.raises(DomainError, match="única conta de administrador"):
        delete_account(user=alice)

    User.objects.filter(pk=bob.pk).update(is_active=True)
    delete_account(user=alice)
    assert list(User.objects.all()) == [bob]


def test_a_superuser_of_another_level_counts_as_admin(alice):
    User.objects.filter(pk=alice.pk).update(is_superuser=True)

    with pytest.raises(DomainError):
        delete_account(user=alice)


def test_deleting_twice_changes_nothing(alice):
    delete_account(user=alice)
    delete_account(user=alice)

    assert not User.objects.exists()
