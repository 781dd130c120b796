"""The interval of updates: UPDATE_INTERVAL_S, until an admin changes it."""

from datetime import timedelta

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from mainapp.market.selectors.schedule import update_schedule
from mainapp.market.services.scheduling import ensure_periodic_tasks

pytestmark = pytest.mark.django_db


def task():
    return PeriodicTask.objects.select_related("interval").get(name="update_stock")


def every(seconds):
    return IntervalSchedule.objects.create(every=seconds, period=IntervalSchedule.SECONDS)


def test_tasks_are_created_once(settings):
    for _ in range(2):
        ensure_periodic_tasks()

    assert (task().task, task().interval.every, task().interval.period) == (
        "update_stock",
        settings.UPDATE_INTERVAL_S,
        "seconds",
    )
    assert task().expire_seconds == settings.UPDATE_INTERVAL_S
    assert PeriodicTask.objects.filter(name="prune_candles").count() == 1
    events = PeriodicTask.objects.select_related("interval").get(task="read_corporate_events")
    assert (events.interval.every, events.expire_seconds) == (60, 60)


def test_new_setting_changes_the_schedule(settings):
    ensure_periodic_tasks()
    settings.UPDATE_INTERVAL_S = 5

    ensure_periodic_tasks()

    assert (task().interval.every, task().expire_seconds) == (5, 5)
    assert update_schedule().is_from_setting


@pytest.mark.parametrize("seconds", [10, 120])
def test_interval_of_the_admin_outlasts_the_setting(settings, seconds):
    settings.UPDATE_INTERVAL_S = 7
    ensure_periodic_tasks()
    PeriodicTask.objects.filter(name="update_stock").update(interval=every(seconds))
    settings.UPDATE_INTERVAL_S = 5

    ensure_periodic_tasks()

    assert task().interval.every == seconds
    assert update_schedule().interval == timedelta(seconds=seconds)
    assert not update_schedule().is_from_setting


def test_edited_interval_row_is_the_admins_too(settings):
    ensure_periodic_tasks()
    IntervalSchedule.objects.update(every=30)
    settings.UPDATE_INTERVAL_S = 5

    ensure_periodic_tasks()

    assert task().interval.every == 30


def test_crontab_of_the_admin_stays(settings):
    ensure_periodic_tasks()
    hourly = CrontabSchedule.objects.create(minute="0")
    PeriodicTask.objects.filter(name="update_stock").update(interval=None, crontab=hourly)
    settings.UPDATE_INTERVAL_S = 60

    ensure_periodic_tasks()

    assert (task().interval, task().crontab) == (None, hourly)


def test_disabled_task_stays_disabled(settings):
    ensure_periodic_tasks()
    PeriodicTask.objects.filter(name="update_stock").update(enabled=False)
    settings.UPDATE_INTERVAL_S = 5

    ensure_periodic_tasks()

    assert not task().enabled
    assert update_schedule().interval is None


@pytest.mark.parametrize(("seconds", "is_adopted"), [(10, True), (5, True), (90, False)])
def test_interval_without_a_record_of_its_origin(settings, seconds, is_adopted):
    PeriodicTask.objects.create(name="update_stock", task="update_stock", interval=every(seconds))
    settings.UPDATE_INTERVAL_S = 5

    ensure_periodic_tasks()

    assert task().interval.every == (5 if is_adopted else seconds)
    assert update_schedule().is_from_setting is is_adopted


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "O intervalo vem de UPDATE_INTERVAL_S."),
        ({"interval_id": 90}, "a cada 90 s."),
        ({"interval_id": None, "crontab_id": 90}, "UPDATE_INTERVAL_S=10 não vale."),
        ({"enabled": False}, "As atualizações estão desligadas"),
    ],
)
def test_sources_page_shows_which_interval_applies(client, settings, changes, sentence):
    settings.UPDATE_INTERVAL_S = 10
    ensure_periodic_tasks()
    IntervalSchedule.objects.create(pk=90, every=90, period=IntervalSchedule.SECONDS)
    CrontabSchedule.objects.create(pk=90, minute="*/5")
    PeriodicTask.objects.filter(name="update_stock").update(**changes)

    assert sentence in client.get("/sources/").content.decode()
