"""Who signs up and logs in."""

import pytest
from django.test import Client

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", "alice@example.com", PASSWORD)


@pytest.fixture
def client2():
    return Client()


@pytest.fixture
def _verified(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
