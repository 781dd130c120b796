import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD, log_in

pytestmark = pytest.mark.django_db


class CountingHasher(MD5PasswordHasher):
    """Hashing is what a log-in's time is made of: as many hashes, as long."""

    made = 0

    def encode(self, password, salt):
        CountingHasher.made += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(alice, settings):
    """Return how many hashes the call makes."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    User.objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False)
    User.objects.create_user("keyless", "keyless@example.com")
    User.objects.create_user("bob", "both@example.com", PASSWORD)
    User.objects.create_user("bia", "both@example.com", PASSWORD)

    def count(call, *args, **kwargs):
        before = CountingHasher.made
        call(*args, **kwargs)
        return CountingHasher.made - before

    return count


@pytest.mark.parametrize(
    "name",
    [
        "alice",
        "nobody",
        "alice@example.com",
        "nobody@example.com",
        "gone",
        "gone@example.com",
        "keyless",
        "keyless@example.com",
        "both@example.com",
    ],
)
def test_a_wrong_password_takes_one_hash_whoever_it_is(client, hashes, name):
    assert hashes(log_in, client, name, "wrong") == 1


def test_a_right_password_takes_one_hash(client, hashes):
    assert hashes(log_in, client, "alice@example.com") == 1


@pytest.mark.usefixtures("_verified")
@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_a_sign_up_takes_one_hash_whether_or_not_its_email_is_taken(client, hashes, email):
    form = {"username": "ana", "email": email, "password1": PASSWORD, "password2": PASSWORD}

    assert hashes(client.post, "/register/", form) == 1
