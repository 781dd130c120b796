from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from mainapp.accounts.services.log_ins import ensure_pruning
from mainapp.accounts.tasks import prune_log_ins

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_listed", [True, False])
def test_log_ins_of_a_deactivated_user_do_not_revive(alice, bob, is_listed):
    browsers = []
    for user in (alice, bob):
        browsers.append(Client())
        browsers[-1].force_login(user)
    if not is_listed:  # opened before the list of sessions existed
        UserSession.objects.all().delete()
    for is_active in (False, True):
        alice.is_active = is_active
        alice.save()

    assert [browser.get("/carteira").status_code for browser in browsers] == [302, 200]
    assert Session.objects.count() == 1


def test_expired_sessions_and_tokens_are_pruned(alice):
    now = timezone.now()
    for number, expires_at in enumerate((now - timedelta(1), now + timedelta(1))):
        Session.objects.create(session_key=str(number), session_data="", expire_date=expires_at)
        token = OutstandingToken.objects.create(
            user=alice, jti=str(number), token="", expires_at=expires_at
        )
        BlacklistedToken.objects.create(token=token)

    prune_log_ins()

    assert list(Session.objects.values_list("session_key", flat=True)) == ["1"]
    assert list(BlacklistedToken.objects.values_list("token__jti", flat=True)) == ["1"]


def test_pruning_is_scheduled_once(db):
    ensure_pruning()
    ensure_pruning()

    assert PeriodicTask.objects.filter(task=prune_log_ins.name).count() == 1
