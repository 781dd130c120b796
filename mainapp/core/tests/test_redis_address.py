import shutil
from urllib.parse import quote

import certifi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainapp.core.redis_address import RedisAddress, parse_redis_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://cache", RedisAddress(hosts=(("cache", 6379),))),
        ("redis://cache/", RedisAddress(hosts=(("cache", 6379),))),
        ("redis://127.0.0.1:1/7", RedisAddress(hosts=(("127.0.0.1", 1),), database=7)),
        ("redis://[::1]:70/1", RedisAddress(hosts=(("::1", 70),), database=1)),
        ("redis://:p@cache", RedisAddress(hosts=(("cache", 6379),), password="p")),
        ("redis://ana:p%23@c", RedisAddress(hosts=(("c", 6379),), username="ana", password="p#")),
        ("unix:///run/redis.sock", RedisAddress(path="/run/redis.sock")),
        (
            "unix://ana:a%2Fb@/run/my%20redis.sock?db=2",
            RedisAddress(path="/run/my redis.sock", database=2, username="ana", password="a/b"),
        ),
        ("unix:///r.sock?password=a+b", RedisAddress(path="/r.sock", password="a+b")),
        (
            "sentinel://:p@a,b:1,[::1]:2/mymaster/3?sentinel_password=s",
            RedisAddress(
                hosts=(("a", 26379), ("b", 1), ("::1", 2)),
                master="mymaster",
                database=3,
                password="p",
                sentinel_password="s",
            ),
        ),
    ],
)
def test_every_form_is_parsed(url, address):
    assert parse_redis_url(url) == address


def test_tls_options_are_parsed(tmp_path):
    certificate = tmp_path / "my ca.pem"
    shutil.copy(certifi.where(), certificate)

    address = parse_redis_url(f"rediss://cache?ssl_ca_certs={quote(str(certificate))}")

    assert address.is_tls
    assert address.tls == {
        "ssl_ca_certs": str(certificate),
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
    }


@pytest.mark.parametrize("query", ["ssl_ca_certs={file}", "ssl_certfile={file}&ssl_keyfile={file}"])
def test_certificates_that_cannot_be_loaded_are_refused(tmp_path, query):
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")

    with pytest.raises(ValueError, match="certificates or a key that cannot be used"):
        parse_redis_url(f"rediss://cache?{query.format(file=file)}")


def test_authority_without_verification_is_refused():
    with pytest.raises(ValueError, match="verifies nothing"):
        parse_redis_url(f"rediss://cache?ssl_cert_reqs=none&ssl_ca_certs={quote(certifi.where())}")

    assert parse_redis_url("rediss://cache?ssl_cert_reqs=none").tls == {
        "ssl_cert_reqs": "none",
        "ssl_check_hostname": False,
    }


REFUSED = {
    "localhost": "takes redis://",
    "http://cache": "takes redis://",
    "redis:/cache": "takes redis://",
    "redis://": "lacks a host",
    "redis://:6379": "lacks a host",
    "redis://:p@/0": "lacks a host",
    "redis://cache/zero": "takes a number as database",
    "redis://cache/-1": "takes a number as database",
    "redis://cache/0/1": "takes a number as database",
    "redis://cache/²": "takes a number as database",
    "redis://cache/9999999999": "takes a number as database",
    "redis://cache:0": "takes a port from 1 to 65535",
    "redis://cache:70000": "takes a port from 1 to 65535",
    "redis://cache:redis": "has an invalid host:port",
    "redis://::1:6379": "lacks a host",
    "redis://a..b": "has an invalid host:port",
    f"redis://{'a' * 64}.org": "has an invalid host:port",
    "redis://[::::]": "has an invalid host:port",
    "redis://[1.2.3.4]": "has an invalid host:port",
    "unix:///run/%00": "contains a NUL byte",
    "redis://fe80::1": "has an invalid host:port",
    "redis://a,b": "names several hosts",
    "redis://cache/0#fragment": "takes no #",
    "redis://:p#q@cache": "takes no #",
    "redis://:p%q@cache": "contains a bare %",
    "redis://:p/q@cache": "contains a / or @",
    "redis://:p@q@cache": "contains a / or @",
    "redis://:p:q@cache": "contains a : in the password",
    "redis://:p q@cache": "contains a space",
    "redis://ana@cache": "names a user without a password",
    "redis://cache?db=2": "takes db with unix:// only",
    "redis://cache?ssl_ca_certs=/ca.pem": "takes ssl_ca_certs with rediss://",
    "redis://cache?timeout=1": "takes no parameter 'timeout'",
    "rediss://cache?ssl_ca_certs=/none/ca.pem": "has a missing ssl_ca_certs file: /none/ca.pem",
    "rediss://cache?ssl_cert_reqs=maybe": "takes ssl_cert_reqs=required",
    "rediss://cache?ssl_check_hostname=1": "takes ssl_check_hostname=true",
    "rediss://cache?ssl_cert_reqs=none&ssl_check_hostname=true": "verifies nothing",
    "sentinel://a/m?sentinel_username=ana": "has a sentinel_username without",
    "rediss://cache?ssl_cert_reqs=": "has an empty parameter",
    "unix://": "takes the absolute path",
    "unix://run/redis.sock": "takes the absolute path",
    "unix:///run/": "takes the absolute path",
    "unix:///r.sock?db=two": "takes a number as database",
    "unix:///r.sock?db=1&db=2": "has a duplicate parameter",
    "unix:///r.sock?ssl_ca_certs=/ca.pem": "takes ssl_ca_certs with rediss://",
    "sentinel://a,b": "lacks the master's name",
    "sentinel://a,b/0/x": "takes a number as database",
    "sentinel://a,,b/mymaster": "lacks a host",
    "sentinel://a/my%20master": "lacks the master's name",
    "sentinel://a/m?ssl_cert_reqs=none": "takes ssl_cert_reqs with rediss:// and sentinels://",
    "redis://a?sentinel_password=s": "takes no parameter 'sentinel_password'",
}


@pytest.mark.parametrize(("url", "reason"), REFUSED.items())
def test_invalid_address_is_refused_with_a_reason(url, reason):
    with pytest.raises(ValueError, match="^" + reason.replace("?", r"\?")) as refusal:
        parse_redis_url(url)

    assert "\n" not in str(refusal.value)


without_nul = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None)
@given(username=without_nul, password=without_nul, database=st.integers(0, 2**31 - 1))
def test_any_credentials_survive_percent_encoding(username, password, database):
    userinfo = f"{quote(username, safe='')}:{quote(password, safe='')}"

    for url in (f"redis://{userinfo}@h/{database}", f"unix://{userinfo}@/s?db={database}"):
        address = parse_redis_url(url)
        assert (address.username, address.password) == (username, password)
        assert address.database == database
        assert str(address).endswith(str(database))


@settings(deadline=None)
@given(st.text())
def test_no_text_reveals_the_password_in_the_error(text):
    secret = "hunter-2"
    for url in (text, f"redis://:{secret}{text}@cache", f"sentinel://a,:{secret}@{text}/m"):
        try:
            shown = str(parse_redis_url(url))
        except ValueError as error:
            shown = str(error)
        assert secret not in shown
