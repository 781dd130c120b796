"""Leases of unacknowledged tasks: of workers that live, die, freeze and wake."""

import threading

import pytest
import redis
from kombu import Consumer, Producer, Queue

from mainapp.core.redis import broker_options, broker_url
from project.broker import leases, qos
from project.broker.leases import Orphans
from project.celery import SteadyConnection
from tests.redis_servers import HOST, server

QUEUE = Queue("work")
KEY, UNACKED = "tests:0:celery:work", "tests:0:celery:unacked"
INDEX = f"{UNACKED}_index"


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with server(tmp_path_factory.mktemp("leases")) as started:
        yield started


@pytest.fixture
def client(started):
    with redis.Redis(HOST, started.port) as client:
        client.flushdb()
        yield client


class Worker:
    """A connection that receives tasks as a worker does."""

    def __init__(self, port):
        url = f"redis://{HOST}:{port}/0"
        self.connection = SteadyConnection(
            broker_url(url),
            transport="project.broker.transport:Transport",
            transport_options=broker_options(url, "tests"),
        )
        self.channel = self.connection.channel()
        self.messages = []

    @property
    def qos(self):
        return self.channel.qos

    def receive(self):
        on_message = self.messages.append
        Consumer(self.channel, QUEUE, on_message=on_message, accept=["json"]).consume()
        self.connection.drain_events(timeout=2)
        return self.messages[-1]

    def look_for_orphans(self):
        """Look for orphans as if the pause since the last search were over."""
        self.qos._restore_at = 0.0
        self.qos.restore_visible()


@pytest.fixture
def workers(client, started):
    """Two workers, the first of which has received a task."""
    workers = Worker(started.port), Worker(started.port)
    producer = Producer(workers[0].channel)
    producer.publish({"task": 1}, routing_key=QUEUE.name, declare=[QUEUE])
    workers[0].receive()
    yield workers
    for worker in workers:
        worker.connection.close()
    qos.unreturned.clear()


@pytest.fixture
def at_once(monkeypatch):
    """Make every record an orphan at the second look at an unchanged score."""
    monkeypatch.setattr(leases, "ORPHANED_AFTER_S", 1e-9)


def looks(scores, seconds):
    orphans = Orphans()
    return [orphans.find([("a", score)], at=at) for score, at in zip(scores, seconds, strict=True)]


def test_orphan_is_found_after_the_period():
    seconds = range(0, 55, 5)

    assert looks([7.5] * 11, seconds) == [[]] * 10 + [[("a", 7.5)]]


def test_renewed_record_is_never_orphaned_whatever_the_clock():
    scores = [1000.5, 5000.5, 3.5, 4.5, 9e9, 1000.5] * 10

    assert looks(scores, range(0, 300, 5)) == [[]] * 60


def test_pause_of_the_whole_machine_orphans_nothing():
    assert looks([7.5, 7.5, 8.5], [0, 3600, 3605]) == [[], [], []]


def test_task_of_a_dead_worker_runs_elsewhere(client, workers, at_once):
    dead, living = workers
    dead.qos.end_renewal()

    living.look_for_orphans()
    assert client.llen(KEY) == 0
    living.look_for_orphans()

    assert living.receive().payload == {"task": 1}


def test_running_task_of_a_living_worker_is_not_given_twice(client, workers, at_once, monkeypatch):
    busy, other = workers
    for seconds in (1, 2, 3):
        monkeypatch.setattr(leases, "time", lambda seconds=seconds: seconds)
        other.look_for_orphans()
        busy.qos.renew()
        busy.look_for_orphans()

    assert (client.llen(KEY), client.hlen(UNACKED)) == (0, 1)


def test_two_workers_return_an_orphan_once(client, workers, started, at_once):
    one = workers[1]
    two = Worker(started.port)
    for worker in (one, two):
        worker.look_for_orphans()
    records = client.zrange(INDEX, 0, -1, withscores=True)
    two.qos._records = lambda _client: [(tag.decode(), score) for tag, score in records]
    for worker in (one, two):
        worker.look_for_orphans()

    assert client.llen(KEY) == 1
    two.connection.close()


def test_worker_that_wakes_leaves_its_task_to_the_one_that_has_it(client, workers, at_once, caplog):
    frozen, other = workers
    for _look in range(2):
        other.look_for_orphans()
    other.receive()

    frozen.qos.renew()
    frozen.messages[0].ack()
    frozen.qos.restore_unacked()

    assert (client.llen(KEY), client.hlen(UNACKED)) == (0, 1)
    assert "a task was given to another worker" in caplog.text
    other.messages[0].ack()
    assert client.hlen(UNACKED) == 0


def test_worker_that_wakes_does_not_return_the_task_of_another_worker(client, workers, at_once):
    frozen, other = workers
    for _look in range(2):
        other.look_for_orphans()
    other.receive()

    frozen.qos.restore_unacked()

    assert (client.llen(KEY), client.hlen(UNACKED)) == (0, 1)


def test_renewal_that_timed_out_but_was_executed_loses_nothing(client, workers):
    worker = workers[0]
    ((tag, score),) = client.zrange(INDEX, 0, -1, withscores=True)
    client.zadd(INDEX, {tag: score + 5})

    worker.qos.renew()
    worker.messages[0].ack()

    assert client.hlen(UNACKED) == 0


def test_acknowledged_task_is_not_recorded_again(client, workers):
    worker = workers[0]
    tags = list(worker.qos._leases)
    worker.messages[0].ack()
    worker.qos._leases.update(dict.fromkeys(tags, True))  # a renewal that is under way

    worker.qos.renew()

    assert (client.zcard(INDEX), worker.qos._leases) == (0, {})


def test_redis_that_refuses_renewals_orphans_nothing(client, workers, at_once):
    other = workers[1]
    other.look_for_orphans()
    client.config_set("maxmemory", "1mb")
    other.look_for_orphans()
    client.config_set("maxmemory", 0)
    other.look_for_orphans()

    assert client.llen(KEY) == 0


def test_redis_that_lost_its_data_gets_the_task_again(client, workers):
    client.flushdb()
    workers[0].qos.restore_unacked()

    assert client.llen(KEY) == 1


def test_thread_renews_until_the_channel_is_closed(client, started, monkeypatch):
    monkeypatch.setattr(leases, "LEASE_RENEWAL_S", 0.01)
    renewed = threading.Event()
    worker = Worker(started.port)
    monkeypatch.setattr(worker.qos, "renew", renewed.set)
    Producer(worker.channel).publish({}, routing_key=QUEUE.name, declare=[QUEUE])
    worker.receive().ack()
    assert renewed.wait(5)
    thread = worker.qos._renewal

    worker.connection.close()

    thread.join(5)
    assert not thread.is_alive()
