"""Tasks on a Redis that refuses to write."""

import pytest
import redis
from kombu import Consumer, Producer, Queue
from kombu.exceptions import OperationalError
from kombu.utils.json import dumps

from mainapp.core.redis import broker_options, broker_url
from project import broker
from project.celery import SteadyConnection
from tests.redis_servers import HOST, server

QUEUE = Queue("work")
KEY, UNACKED = "tests:0:celery:work", "tests:0:celery:unacked"


@pytest.fixture
def client(tmp_path):
    with server(tmp_path) as started, redis.Redis(HOST, started.port) as client:
        yield client


@pytest.fixture
def connection(client):
    url = f"redis://{HOST}:{client.connection_pool.connection_kwargs['port']}/0"
    options = broker_options(url, "tests")
    with SteadyConnection(
        broker_url(url), transport="project.broker:Transport", transport_options=options
    ) as connection:
        yield connection
    broker._unreturned.clear()


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
    properties = {"delivery_tag": "a", "delivery_info": {"exchange": "", "routing_key": ""}}
    kinds = {"content-type": "application/json", "content-encoding": "utf-8", "headers": {}}
    client.lpush(KEY, dumps({"body": "[1]", "properties": properties, **kinds}))

    while not received:
        connection.drain_events(timeout=2)

    assert received[0].payload == [1]


def test_malformed_unfinished_tasks_are_forgotten(client, connection):
    qos = connection.channel().qos
    for tag, malformed in enumerate(malformed_messages()):
        client.hset(UNACKED, str(tag), malformed)
        client.zadd(f"{UNACKED}_index", {str(tag): 0})

    for _ten in range(2):
        qos.restore_visible(interval=1)

    assert (client.hlen(UNACKED), client.llen(KEY)) == (0, 0)
