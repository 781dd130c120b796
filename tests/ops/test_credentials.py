"""API keys and tokens in real web processes: revocation in all of them, and none in a log."""

import asyncio
import contextlib
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.instances import RedisServer
from tests.ops.test_revocation import web_process

PASSWORD = "correto cavalo 9"
PERSON = {"username": "carla", "email": "carla@example.org", "password": PASSWORD}
KEY = {"name": "Robô", "scopes": ["read"], "expires_in_days": 1, "password": PASSWORD}


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def sites(tmp_path, data_dir, log):
    """Start a web process that refuses tokens in addresses, and one that accepts them."""
    server = RedisServer(tmp_path)
    env_vars = {
        "DATA_DIR": str(data_dir),
        "REDIS_URL": f"unix://{server.path}",
        "SECRET_KEY": "x" * 60,
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
        "HTTPS": "0",
        "LOG_LEVEL": "DEBUG",
    }
    with contextlib.ExitStack() as stack:
        stack.callback(server.kill)
        output = stack.enter_context(log.open("w"))
        yield [
            stack.enter_context(
                web_process(env_vars | {"SOCKET_TOKEN_IN_URL": allowed}, log=output)
            )
            for allowed in ("0", "1")
        ]


async def open_socket(site, token):
    """Open a socket as a client of another service does, without an Origin; return its frames."""
    address = site.replace("http", "ws", 1) + f"/ws/notifications/?token={token}"
    async with connect(address) as socket:
        frames = [json.loads(await asyncio.wait_for(socket.recv(), 10))]
        if frames[0]["type"] == "error":
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(socket.recv(), 10)
            frames.append(closed.value.rcvd.code)
    return frames


@pytest.mark.timeout(240)
def test_keys_end_in_every_process_and_tokens_are_in_no_log(sites, log):
    with httpx.Client(trust_env=False, timeout=30) as client:
        client.post(f"{sites[0]}/api/register", json=PERSON)
        names = {"username": "carla", "password": PASSWORD}
        pair = client.post(f"{sites[0]}/api/token", json=names).json()
        bearer = {"Authorization": f"Bearer {pair['access']}"}
        made = client.post(f"{sites[0]}/api/keys", json=KEY, headers=bearer).json()
        key = {"Authorization": f"Token {made['key']}"}
        before = [client.get(f"{site}/api/user", headers=key).status_code for site in sites]
        revoked = client.delete(f"{sites[0]}/api/keys/{made['id']}", headers=bearer)
        after = [client.get(f"{site}/api/user", headers=key).status_code for site in sites]
    refused, accepted = (asyncio.run(open_socket(site, pair["access"])) for site in sites)

    assert (before, revoked.status_code, after) == ([200, 200], 204, [401, 401])
    assert (refused[0]["ticket"], refused[1]) == ("/api/v1/ws-ticket/", 4401)
    assert accepted[0]["type"] == "snapshot"
    text = log.read_text()
    assert "Unauthorized" in text
    assert pair["access"] not in text
    assert made["key"] not in text
