"""Users and clients for the tests of accounts."""

import pytest
from django.test import Client

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD
from mainapp.accounts.views import log_ins


@pytest.fixture(autouse=True)
def _no_head_start(monkeypatch):
    monkeypatch.setattr(log_ins, "HEAD_START_S", 0)


@pytest.fixture(autouse=True)
def _mfa_key(settings):
    settings.MFA_KEY = "the key of second factors"


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", "alice@example.com", PASSWORD)


@pytest.fixture
def client2():
    return Client()


@pytest.fixture
def _verified(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
