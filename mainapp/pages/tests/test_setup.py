"""The steps of `setup`: the schedule of updates, and the quotas."""

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from mainapp.core.limits.quotas import quota_kinds
from mainapp.core.models import QuotaRule
from mainapp.pages.management.commands.setup import schedule, seed_quotas

pytestmark = pytest.mark.django_db


def test_origin_of_the_schedule_is_named(settings):
    settings.UPDATE_INTERVAL_S = 7
    task = PeriodicTask.objects.filter(name="update_stock")

    assert schedule() == "every 7 s (UPDATE_INTERVAL_S)"

    task.update(interval=None, crontab=CrontabSchedule.objects.create(minute="*/5"))
    assert schedule() == "at the times of the admin's crontab"

    task.update(enabled=False)
    assert schedule() == "switched off in the admin"


def test_quotas_are_seeded_once(settings):
    settings.ROOMS_A_DAY = 3
    assert seed_quotas() == f"{len(quota_kinds())} rules of the default plan seeded"
    assert QuotaRule.objects.get(kind="rooms").limit == 3
    assert seed_quotas() == "up to date"
