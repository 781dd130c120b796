"""Tasks on a Redis that refuses to write, or is frozen."""

import socket
from contextlib import suppress

import pytest
import redis
from kombu import Consumer, Producer, Queue
from kombu.exceptions import OperationalError
from kombu.utils.json import dumps

from mainapp.core.redis import broker_options, broker_url
from project.broker import late_replies, leases, pools, qos
from project.celery import SteadyConnection
from tests.instances import wait_for
from tests.redis_servers import HOST, server

QUEUE = Queue("work")
KEY, UNACKED = "tests:0:celery:work", "tests:0:celery:unacked"


@pytest.fixture
def started(tmp_path):
    with server(tmp_path) as started:
        yield started


@pytest.fixture
def client(started):
    with redis.Redis(HOST, started.port) as client:
        yield client


@pytest.fixture
def connection(started):
    url = f"redis://{HOST}:{started.port}/0"
    options = broker_options(url, "tests")
    with SteadyConnection(
        broker_url(url), transport="project.broker.transport:Transport", transport_options=options
    ) as connection:
        yield connection
    qos.unreturned.clear()


@pytest.fixture
def receive(client, connection):
    """Return a function that queues a message and receives it after a command to Redis."""

    def receive_(command):
        messages = []
        channel = connection.channel()
        Producer(channel).publish({"task": 1}, routing_key=QUEUE.name, declare=[QUEUE])
        consumer = Consumer(channel, QUEUE, on_message=messages.append, accept=["json"])
        consumer.consume()
        client.execute_command(*command.split())
        connection.drain_events(timeout=2)
        (message,) = messages
        return message

    return receive_


@pytest.fixture
def consumer(connection, monkeypatch):
    """A consumer whose commands time out soon, with a channel and the messages it received."""
    monkeypatch.setattr(pools, "CELERY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(late_replies, "RETRY_S", 0.01)
    consumer = Consumer(connection.channel(), QUEUE, accept=["json"])
    consumer.received = []
    consumer.on_message = consumer.received.append
    consumer.consume()
    return consumer


def poll(connection):
    """Send BRPOP, and wait shortly for its reply."""
    with suppress(socket.timeout):
        connection.drain_events(timeout=0.02)


def send(client, *command):
    """Send a command to a frozen server, which executes such commands in their order."""
    client.connection.send_command(*command, check_health=False)


@pytest.fixture
def open_client(started):
    """A client with a connection that was opened before the server was frozen."""
    with redis.Redis(HOST, started.port, single_connection_client=True) as client:
        client.ping()
        yield client


def plain_message():
    properties = {"delivery_tag": "a", "delivery_info": {"exchange": "", "routing_key": "work"}}
    kinds = {"content-type": "application/json", "content-encoding": "utf-8", "headers": {}}
    return dumps({"body": "[1]", "properties": properties, **kinds})


def reconnect(connection):
    connection.collect()
    connection.ensure_connection(max_retries=1)


def test_full_redis_loses_no_received_task(client, connection, receive):
    message = receive("CONFIG SET maxmemory 1mb")
    assert message.payload == {"task": 1}
    assert client.llen(KEY) == client.hlen(UNACKED) == 0  # only this process has it

    client.config_set("maxmemory", 0)
    reconnect(connection)

    assert client.llen(KEY) == 1


def test_unfinished_task_returns_once_redis_accepts_writes(client, connection, receive):
    receive("PING")
    client.execute_command("REPLICAOF", "localhost", "1")
    with pytest.raises(OperationalError):
        reconnect(connection)
    client.execute_command("REPLICAOF", "NO", "ONE")
    reconnect(connection)

    assert (client.llen(KEY), client.hlen(UNACKED)) == (1, 0)


def test_finished_task_is_not_run_again(client, connection, receive):
    message = receive("PING")
    client.execute_command("REPLICAOF", "localhost", "1")
    message.ack()
    client.execute_command("REPLICAOF", "NO", "ONE")
    reconnect(connection)

    assert (client.llen(KEY), client.hlen(UNACKED)) == (0, 0)


def test_acknowledgement_that_timed_out_is_repeated_on_the_same_connection(
    started, client, connection, consumer
):
    client.lpush(KEY, plain_message())
    connection.drain_events(timeout=2)
    started.freeze()
    consumer.channel.pool.disconnect()  # so that Redis never receives the acknowledgement
    consumer.received[0].ack()
    started.thaw()
    assert client.hlen(UNACKED) == 1

    poll(connection)

    assert client.hlen(UNACKED) == 0


LOSSES = {
    "overdue reply": lambda connection, channel: channel.client.connection.disconnect(),
    "lost connection": lambda connection, channel: connection.collect(),
}


@pytest.fixture(params=LOSSES)
def lose(request, started, connection, consumer, open_client):
    """Return a function that loses the connection of a BRPOP which then removes `message`."""

    def lose_(message, *then):
        poll(connection)
        started.freeze()
        send(open_client, "LPUSH", KEY, message)
        if then:
            send(open_client, *then)
        LOSSES[request.param](connection, consumer.channel)
        started.thaw()

    return lose_


def test_task_removed_for_a_lost_connection_returns_to_its_queue(client, consumer, lose):
    message = plain_message()
    lose(message)

    assert client.brpop(KEY, timeout=5) == (KEY.encode(), message.encode())
    assert (client.llen(KEY), client.hlen(UNACKED), consumer.received) == (0, 0, [])


def test_task_removed_for_a_lost_connection_returns_once_redis_has_memory(client, lose):
    def is_refused():
        return client.info("commandstats").get("cmdstat_rpush", {}).get("rejected_calls")

    lose(plain_message(), "CONFIG", "SET", "maxmemory", "1mb")
    wait_for(is_refused, 5, "a refused RPUSH")
    assert client.llen(KEY) == 0
    client.config_set("maxmemory", 0)

    assert client.brpop(KEY, timeout=5)
    assert client.llen(KEY) == 0


def malformed_messages():
    """Return messages that are not JSON, or not shaped like ours."""
    message = {
        "body": "W10=", "content-type": "application/json", "content-encoding": "utf-8",
        "headers": {}, "properties": {"delivery_tag": "a", "body_encoding": "base64",
        "delivery_info": {"exchange": "", "routing_key": ""}},
    }  # fmt: skip
    changes = [{"content-type": 5}, {"headers": {"task": {}}}, {"headers": {"task": "deliver"}}]
    changes += [{"properties": {}}, {"headers": {"compression": "bzip2"}}, {"body": "!"}]
    changed = [dumps(message | change) for change in changes]
    return [b"", b"x", b"[" * 100_000, b"\xc3\xa9", b"1", b"[]", b'["", "", ""]', *changed]


def test_malformed_tasks_are_discarded(client, connection):
    messages = []
    channel = connection.channel()
    Consumer(channel, QUEUE, on_message=messages.append, accept=["json"]).consume()
    for malformed in malformed_messages():
        client.lpush(KEY, malformed)
    Producer(channel).publish({"task": 1}, routing_key=QUEUE.name)

    while not messages:
        connection.drain_events(timeout=2)

    assert [message.payload for message in messages] == [{"task": 1}]
    assert client.llen(KEY) == 0


def test_task_with_a_body_in_plain_text_is_received(client, connection):
    received = []
    channel = connection.channel()
    Consumer(channel, QUEUE, on_message=received.append, accept=["json"]).consume()
    client.lpush(KEY, plain_message())

    while not received:
        connection.drain_events(timeout=2)

    assert received[0].payload == [1]


def test_malformed_unfinished_tasks_are_forgotten(client, connection, monkeypatch):
    monkeypatch.setattr(leases, "ORPHANED_AFTER_S", 0.0)
    qos = connection.channel().qos
    for tag, malformed in enumerate([*malformed_messages(), plain_message()]):
        client.hset(UNACKED, str(tag), malformed)
        client.zadd(f"{UNACKED}_index", {str(tag): 0})

    qos.restore_visible()

    assert (client.hlen(UNACKED), client.llen(KEY)) == (0, 0)
