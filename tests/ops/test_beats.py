"""Two beats in real processes: one sends the periodic tasks, however the other one ends."""

import json
import sqlite3
from collections import Counter
from contextlib import closing

import psutil
import pytest
import redis

from benchmarks.rig.processes import Rig
from project.launcher import BEAT
from tests.instances import redis_key, wait_for

pytestmark = pytest.mark.usefixtures("prepared_rig")

LEASE_S = 5.0  # of beat
TASK = "probe"  # of no worker: its messages stay in the queue
EVERY_S = 1
QUEUE, LEASE = redis_key("celery", "celery"), redis_key("beat")
INTERVAL = "INSERT INTO django_celery_beat_intervalschedule (every, period) VALUES (?, 'seconds')"
TASK_ROW = (
    "INSERT INTO django_celery_beat_periodictask (name, task, interval_id, args, kwargs, headers,"
    " enabled, one_off, total_run_count, date_changed, description)"
    " VALUES (?, ?, ?, '[]', '{}', '{}', 1, 0, 0, '2026-01-01', '')"
)


class Beats:
    """Processes of beat on one database, and the messages that they sent."""

    def __init__(self, rig):
        self.rig = rig
        self.redis = redis.Redis(unix_socket_path=str(rig.redis_path))
        with closing(sqlite3.connect(rig.folder / "pregao.sqlite3")) as base, base:
            interval = base.execute(INTERVAL, [EVERY_S]).lastrowid
            base.execute(TASK_ROW, [TASK, TASK, interval])

    def start(self):
        return psutil.Process(self.rig.python(*BEAT.split()).pid)

    def start_beside_another(self):
        """Start a beat and wait until it has found the lease taken."""
        clients = len(self.redis.client_list())
        started = self.start()
        wait_for(lambda: len(self.redis.client_list()) > clients, 60, "a beat at the lease")
        return started

    def numbers(self):
        """Return the number of the beat that sent each message, in the order of sending."""
        messages = [json.loads(text) for text in reversed(self.redis.lrange(QUEUE, 0, -1))]
        headers = [message["headers"] for message in messages]
        return [row["beat_number"] for row in headers if row["task"] == TASK]

    def wait_for_messages(self, number, count=3, within_s=LEASE_S + 10):
        """Wait for messages of the beat with a number; return how many it has sent."""
        wait_for(lambda: self.numbers().count(number) >= count, within_s, f"messages of {number}")
        return Counter(self.numbers())[number]

    def now_s(self):
        return self.redis.time()[0]


@pytest.fixture
def beats():
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        made = Beats(rig)
        yield made
        made.redis.close()


def test_one_of_two_beats_sends_and_the_other_takes_over(beats):
    first = beats.start()
    beats.wait_for_messages(1, within_s=60)
    second = beats.start_beside_another()
    began_s, sent = beats.now_s(), beats.wait_for_messages(1)
    sent = beats.wait_for_messages(1, sent + 6, within_s=30) - sent
    assert sent * EVERY_S <= beats.now_s() - began_s + 2  # none is sent twice
    assert set(beats.numbers()) == {1}

    first.kill()
    beats.wait_for_messages(2)

    third = beats.start_beside_another()
    second.suspend()
    beats.wait_for_messages(3)
    second.resume()
    before = beats.numbers().count(2)
    beats.wait_for_messages(3, 8)
    assert beats.numbers().count(2) <= before + 1  # the one that it was sending: workers refuse it

    third.terminate()
    assert third.wait(10) == 0
    beats.wait_for_messages(4, within_s=LEASE_S)  # at once: the lease was released


def test_beat_sends_on_after_redis_has_lost_its_data(beats):
    beats.start()
    beats.wait_for_messages(1, within_s=60)
    beats.redis.flushall()
    beats.wait_for_messages(2)
