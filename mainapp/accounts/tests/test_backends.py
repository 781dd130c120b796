import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD, log_in

pytestmark = pytest.mark.django_db


class CountingHasher(MD5PasswordHasher):
    """Counts hashes: hashing dominates a log-in's duration, so equal counts mean equal times."""

    made = 0

    def encode(self, password, salt):
        CountingHasher.made += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(alice, settings):
    """Return a function that counts the hashes made by a call."""
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
def test_a_wrong_password_costs_one_hash_for_any_name(client, hashes, name):
    assert hashes(log_in, client, name, "wrong") == 1


def test_a_right_password_costs_one_hash(client, hashes):
    assert hashes(log_in, client, "alice@example.com") == 1


@pytest.mark.usefixtures("_verified")
@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_a_sign_up_costs_one_hash_for_free_and_taken_emails(client, hashes, email):
    form = {"username": "ana", "email": email, "password1": PASSWORD, "password2": PASSWORD}

    assert hashes(client.post, "/register/", form) == 1
