"""What `setup` says about the schedule of updates."""

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from mainapp.pages.management.commands.setup import schedule

pytestmark = pytest.mark.django_db


def test_origin_of_the_schedule_is_named(settings):
    settings.UPDATE_INTERVAL_S = 7
    task = PeriodicTask.objects.filter(name="update_stock")

    assert schedule() == "every 7 s (UPDATE_INTERVAL_S)"

    task.update(interval=None, crontab=CrontabSchedule.objects.create(minute="*/5"))
    assert schedule() == "at the times of the admin's crontab"

    task.update(enabled=False)
    assert schedule() == "switched off in the admin"
