import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mainapp.notifications.tests.transports.browsers import PushBrowser, claims_of
from mainapp.notifications.transports import vapid
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.push import GONE, NO_KEY, PushTransport, encrypt
from mainapp.notifications.transports.vapid import decode_base64url, encode_base64url


@pytest.fixture
def browser():
    return PushBrowser()


@pytest.fixture
def send(client, message, browser):
    def send(**fields):
        PushTransport(client).send(message(browser.endpoint, secret=browser.keys, **fields))

    return send


def test_message_of_the_rfc_is_encrypted_as_there():
    key = decode_base64url("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    browser = (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ".BTBZMqHH6r4Tts7J_aSIgg"
    )
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        browser,
        salt=decode_base64url("DGv6ra1nlYgDCS1FRnbzlw"),
        key=ec.derive_private_key(int.from_bytes(key, "big"), ec.SECP256R1()),
    )
    assert encode_base64url(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
        "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
        "lcy4a-fN"
    )


def test_browser_decrypts_what_was_sent(send, browser, receiver, settings):
    settings.DEFAULT_FROM_EMAIL = "Pregão <avisos@pregao.example>"
    details = {"topic": "alert.7", "urgency": "high", "silence": "/s", "silence_label": "Silenciar"}
    send(subject="Ação caiu", text="Veja", headers=details)

    [(path, headers, body)] = receiver.requests
    assert path == "/send/one"
    assert headers["content-encoding"] == "aes128gcm"
    assert (headers["urgency"], headers["ttl"]) == ("high", "43200")
    assert len(headers["topic"]) == 32
    assert browser.payload(body) == {
        "title": "Ação caiu",
        "body": "Veja",
        "url": "https://pregao.example/alerts/",
        "tag": "alert.7",
        "silence": "/s",
        "silence_label": "Silenciar",
    }
    claims = claims_of(headers["authorization"])
    assert claims["aud"] == "https://push.example"
    assert claims["sub"] == "mailto:avisos@pregao.example"
    assert 0 < claims["exp"] - time.time() <= 12 * 3600


def test_message_without_topic_has_no_topic_header(send, receiver):
    send()
    assert "topic" not in receiver.requests[0][1]


@pytest.mark.parametrize("text", ["👍🏽" * 5000, '"' * 9000, "\x01" * 9000, "\ud800" * 9000])
def test_long_text_stays_below_the_services_limit(send, browser, receiver, text):
    send(subject=text, text=text, headers={"silence": "/" + "x" * 200, "topic": "t" * 100})
    body = receiver.requests[0][2]
    assert len(browser.decrypt(body)) <= 3000
    assert browser.payload(body)["url"]


@pytest.mark.parametrize("status", [404, 410])
def test_ended_subscription_is_gone(send, receiver, status):
    receiver.status, receiver.body = status, b"secret words of the service"
    with pytest.raises(TransportError) as failed:
        send()
    assert (str(failed.value), failed.value.permanent, failed.value.is_gone) == (GONE, True, True)


@pytest.mark.parametrize(
    ("status", "is_ours"), [(400, False), (401, True), (403, True), (429, False)]
)
def test_refused_token_is_the_sites_fault(send, receiver, status, is_ours):
    receiver.status = status
    with pytest.raises(TransportError) as failed:
        send()
    assert (failed.value.is_ours, failed.value.is_gone) == (is_ours, False)


def test_missing_key_is_the_sites_fault_and_is_tried_again(send, receiver, settings, tmp_path):
    settings.VAPID_KEY, settings.DATA_DIR = "", tmp_path
    with pytest.raises(TransportError) as failed:
        send()
    assert (str(failed.value), failed.value.is_ours, failed.value.permanent) == (
        NO_KEY,
        True,
        False,
    )
    assert receiver.requests == []


@pytest.mark.parametrize(
    "keys",
    ["", ".", "a.b", "a.b.c", "é.é", f"{PushBrowser().p256dh}.AAAA", f"AAAA.{PushBrowser().auth}"],
)
def test_malformed_keys_are_refused(client, browser, keys):
    with pytest.raises(TransportError) as failed:
        PushTransport(client).check(browser.endpoint, keys)
    assert failed.value.permanent


def test_point_that_is_not_on_the_curve_is_refused_before_it_is_stored(client, browser):
    keys = f"{encode_base64url(bytes([4]) + bytes(64))}.{browser.auth}"
    with pytest.raises(TransportError) as failed:
        PushTransport(client).check(browser.endpoint, keys)
    assert failed.value.permanent


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/x",
        "https://10.0.0.1/x",
        "https://push.example:8443/x",
        "https://push.example:80/x",
    ],
)
def test_endpoint_that_no_push_service_has_is_refused(client, browser, endpoint):
    with pytest.raises(TransportError):
        PushTransport(client).check(endpoint, browser.keys)


@pytest.mark.parametrize(
    ("sender", "site", "contact"),
    [
        ("Pregão <pregao@localhost>", "http://localhost:8000", ""),
        ("Pregão <pregao@localhost>", "https://pregao.example", "https://pregao.example"),
        ("a@pregao.example", "http://localhost:8000", "mailto:a@pregao.example"),
    ],
)
def test_contact_is_public_or_left_out(settings, sender, site, contact):
    settings.DEFAULT_FROM_EMAIL, settings.SITE_URL = sender, site
    assert vapid.contact() == contact
    assert ("sub" in claims_of(vapid.authorization("https://push.example/x"))) == bool(contact)


def test_key_is_created_once_and_only_its_owner_reads_it(settings, tmp_path):
    settings.VAPID_KEY, settings.DATA_DIR = "", tmp_path
    vapid.create_key()
    first = vapid.public_key_text()
    vapid.create_key()
    assert vapid.public_key_text() == first
    assert vapid.key_path().stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vapid-key"]


def test_malformed_key_of_the_environment_is_named(settings):
    settings.VAPID_KEY = "short"
    with pytest.raises(vapid.KeyMissing, match="VAPID_KEY"):
        vapid.private_key()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"A" * 43, b"_" * 43, b"A" * 400])
def test_file_that_is_no_key_stops_no_page(settings, tmp_path, content):
    settings.VAPID_KEY, settings.DATA_DIR = "", tmp_path
    vapid.key_path().write_bytes(content)
    with pytest.raises(vapid.KeyMissing):
        vapid.public_key_text()


def test_the_tests_decrypt_the_example_of_the_standard():
    private = decode_base64url("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
    secret = decode_base64url("BTBZMqHH6r4Tts7J_aSIgg")
    browser = PushBrowser(scalar=int.from_bytes(private, "big"), secret=secret)
    body = decode_base64url(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6"
        "TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulc"
        "y4a-fN"
    )

    assert browser.decrypt(body) == b"When I grow up, I want to be a watermelon"
