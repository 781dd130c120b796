"""Tasks on a Redis that refuses to write."""

import pytest
import redis
from kombu import Consumer, Producer, Queue
from kombu.exceptions import OperationalError

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
