import gzip
import logging
import ssl
from time import monotonic

import pytest

from mainapp.core.http import AddressError, AddressPolicy, HttpClient, HttpError
from mainapp.core.private_targets import parse_private_targets
from mainapp.core.tests.http.network import PUBLIC
from mainapp.core.tests.http.test_addresses import FORBIDDEN_URLS, PRIVATE

LIMIT = 1000


@pytest.fixture
def url(receiver):
    return f"http://127.0.0.1:{receiver.port}/path"


def vetted(**options):
    return HttpClient(policy=AddressPolicy(schemes=frozenset({"http", "https"})), **options)


def test_response_of_any_status_is_complete(receiver, url):
    receiver.status, receiver.body = 418, b"teapot"
    receiver.headers = {"Retry-After": "7"}
    reply = HttpClient(headers={"X-Own": "1"}).request("POST", url, json={"a": "ç"})

    assert (reply.status, reply.text, reply.retry_after_s) == (418, "teapot", 7.0)
    [(path, headers, body)] = receiver.requests
    assert (path, body.decode(), headers["x-own"]) == ("/path", '{"a":"ç"}', "1")


@pytest.mark.parametrize("fault", ["hang", "drip", "drip_head"])
def test_slow_response_ends_at_the_deadline(receiver, url, fault):
    receiver.fault = fault
    started = monotonic()
    with pytest.raises(HttpError) as failed:
        HttpClient().request("GET", url, deadline=started + 0.2)

    assert failed.value.fault == "timeout"
    assert len(receiver.requests) == 1
    assert 0.19 < monotonic() - started < 1.5


def test_past_deadline_makes_no_request(receiver, url):
    with pytest.raises(HttpError):
        HttpClient().request("GET", url, deadline=monotonic() - 1)
    assert receiver.requests == []


@pytest.mark.parametrize("fault", ["cut"])
def test_interrupted_response_is_a_failure(receiver, url, fault):
    receiver.fault = fault
    with pytest.raises(HttpError) as failed:
        HttpClient().request("GET", url)
    assert failed.value.fault == "unreachable"


def test_body_above_the_limit_is_refused_or_cut(receiver, url):
    receiver.body = b"x" * 50_000_000
    started = monotonic()
    with pytest.raises(HttpError) as failed:
        HttpClient(max_bytes=LIMIT).request("GET", url)
    reply = HttpClient(max_bytes=LIMIT, truncates=True).request("GET", url)

    assert failed.value.fault == "too_big"
    assert reply.body == b"x" * LIMIT
    assert monotonic() - started < 3


def test_limit_applies_to_the_decompressed_body(receiver, url):
    receiver.body = gzip.compress(b"x" * 5_000_000)  # 5 KB on the wire
    receiver.headers = {"Content-Encoding": "gzip"}
    limit = len(receiver.body) * 2
    with pytest.raises(HttpError) as failed:
        HttpClient(max_bytes=limit).request("GET", url)
    reply = HttpClient(max_bytes=limit, truncates=True).request("GET", url)

    assert failed.value.fault == "too_big"
    assert reply.body == b"x" * limit


def test_compressed_body_is_decompressed_and_a_broken_one_refused(receiver, url):
    receiver.headers = {"Content-Encoding": "gzip"}
    receiver.body = gzip.compress(b"hello")
    assert HttpClient().request("GET", url).body == b"hello"
    receiver.body = b"no gzip"
    with pytest.raises(HttpError):
        HttpClient().request("GET", url)


def test_redirect_is_followed_only_on_request(receiver, url):
    receiver.status, receiver.location = 302, url
    assert HttpClient().request("GET", url).status == 302
    assert len(receiver.requests) == 1
    with pytest.raises(HttpError, match="too often"):
        HttpClient(max_redirects=2).request("GET", url)
    assert len(receiver.requests) == 4


def test_redirect_to_another_site_is_refused(receiver, url):
    receiver.status, receiver.location = 302, f"http://127.0.0.2:{receiver.port}/"
    with pytest.raises(HttpError, match="another site"):
        HttpClient(max_redirects=2).request("GET", url)
    assert len(receiver.requests) == 1


def test_unknown_name_has_its_own_fault():
    with pytest.raises(HttpError) as failed:
        vetted().request("GET", "https://nowhere.invalid/")
    assert failed.value.fault == "unknown_host"


@pytest.mark.parametrize("url", [url for url in FORBIDDEN_URLS if url != "http://hook.example/"])
def test_forbidden_url_is_not_contacted(url, connections):
    with pytest.raises(AddressError):
        vetted().request("POST", url)
    assert connections == []


@pytest.mark.parametrize("address", PRIVATE[:-3])
def test_name_with_any_private_address_is_not_contacted(address, names, connections):
    for addresses in ([address], [PUBLIC, address], [address, PUBLIC]):
        names["hook.example"] = [addresses]
        with pytest.raises(AddressError, match="não é um endereço público"):
            vetted().request("POST", "http://hook.example/")
    assert connections == []


def test_name_is_resolved_once_and_the_checked_address_contacted(names, connections, receiver):
    names["hook.example"] = [[PUBLIC], ["127.0.0.1"]]
    connections.port = receiver.port
    vetted().request("POST", "http://hook.example/x")

    assert connections == [PUBLIC]
    assert receiver.requests[0][1]["host"] == "hook.example"
    assert names["hook.example"] == [["127.0.0.1"]]


def test_each_request_is_vetted_again(names, connections, receiver):
    names["hook.example"] = [[PUBLIC], ["10.0.0.1"]]
    connections.port = receiver.port
    client = vetted()
    client.request("POST", "http://hook.example/x")
    with pytest.raises(AddressError):
        client.request("POST", "http://hook.example/x")


def home(receiver, *items):
    targets = parse_private_targets([f"127.0.0.1:{receiver.port}", *items])
    return HttpClient(policy=AddressPolicy(targets=targets), max_redirects=2)


def test_target_in_the_own_network_is_contacted(names, connections, receiver):
    names["nas.local"] = [["127.0.0.1"]]
    client = home(receiver)
    for host in ("127.0.0.1", "nas.local"):
        assert client.request("POST", f"http://{host}:{receiver.port}/").status == 200


def test_target_that_moves_to_another_address_is_not_contacted(names, connections, receiver):
    names["nas.local"] = [["127.0.0.1"], ["127.0.0.2"], ["169.254.169.254"], [PUBLIC]]
    client = home(receiver, "nas.local")
    client.request("POST", f"http://nas.local:{receiver.port}/")
    for _ in range(3):
        with pytest.raises(AddressError):
            client.request("POST", f"http://nas.local:{receiver.port}/")

    assert connections == ["127.0.0.1"]


def test_redirect_to_another_port_of_a_target_is_refused(receiver, connections):
    receiver.status, receiver.location = 302, "http://127.0.0.1:6379/"
    with pytest.raises(AddressError):
        home(receiver).request("GET", f"http://127.0.0.1:{receiver.port}/")

    assert len(receiver.requests) == 1
    assert connections == ["127.0.0.1"]


def test_second_address_is_used_if_the_first_refuses(names, connections, receiver):
    names["hook.example"] = [["::1", "127.0.0.1"]]
    client = HttpClient(
        policy=AddressPolicy(
            schemes=frozenset({"http"}),
            ports=frozenset({receiver.port}),
            is_allowed=lambda address: True,
        )
    )
    assert client.request("GET", f"http://hook.example:{receiver.port}/").status == 200
    assert connections == ["::1", "127.0.0.1"]


def test_tls_verifies_the_name_of_the_url(names, connections, tls_receiver, certificate):
    names["hook.example"] = names["other.example"] = [[PUBLIC]]
    connections.port = tls_receiver.port
    trusting = vetted(tls=ssl.create_default_context(cafile=certificate))
    trusting.request("POST", "https://hook.example/")
    for client, name in ((trusting, "other.example"), (vetted(), "hook.example")):
        with pytest.raises(HttpError, match="certificate") as failed:
            client.request("POST", f"https://{name}/")
        assert failed.value.fault == "unreachable"

    assert tls_receiver.names == ["hook.example", "other.example", "hook.example"]
    assert len(tls_receiver.requests) == 1


def test_nothing_of_the_url_or_the_headers_is_logged(receiver, url, caplog):
    caplog.set_level(logging.DEBUG)
    HttpClient(headers={"Authorization": "Bearer s3cret"}).request("POST", f"{url}/s3cret")
    assert "s3cret" not in caplog.text


def test_configured_proxy_is_used(receiver):
    HttpClient(proxy=f"http://user:pw@127.0.0.1:{receiver.port}").request(
        "GET", "http://source.example/quotes"
    )
    [(path, headers, _body)] = receiver.requests
    assert path == "http://source.example/quotes"
    assert headers["proxy-authorization"].startswith("Basic ")
