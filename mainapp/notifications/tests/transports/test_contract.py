"""What every transport promises, tried on all of them."""

import pytest

from mainapp.notifications.models import Channel
from mainapp.notifications.services.delivering import transports
from mainapp.notifications.tests.smtp import smtp_server
from mainapp.notifications.tests.test_delivering import Recording
from mainapp.notifications.tests.transports.conftest import PUBLIC
from mainapp.notifications.tests.transports.test_apprise import DISCORD, trusted  # noqa: F401 - a fixture
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.inapp import InAppTransport
from mainapp.notifications.transports.mail import MailTransport
from mainapp.notifications.transports.webhook import WebhookTransport

ADDRESSES = {
    "email": "alice@example.com",
    "inapp": "7",
    "webhook": "http://hook.example/",
    "apprise": DISCORD,
    "recording": "anywhere",
}


@pytest.fixture(params=ADDRESSES)
def way(request, names, dialled):
    """Return a transport, an address, and how often something arrived there."""
    address, kind = ADDRESSES[request.param], request.param
    if kind == "email":
        with smtp_server() as box:
            yield MailTransport(), address, lambda: len(box.messages)
    elif kind == "inapp":
        told = []
        yield InAppTransport(told.append), address, lambda: len(told)
    elif kind == "recording":
        kept = Recording()
        yield kept, address, lambda: len(kept.parcels)
    else:
        name = "receiver" if kind == "webhook" else "tls_receiver"
        receiver = request.getfixturevalue(name)
        request.getfixturevalue("trusted")
        names["hook.example"] = names["discord.com"] = [[PUBLIC]]
        dialled.port = receiver.port
        made = WebhookTransport(allow_http=True) if kind == "webhook" else transports()[kind]
        yield made, address, lambda: len(receiver.got)


def test_parcel_arrives_once_for_each_time_it_is_sent(way, parcel):
    transport, address, arrived = way
    assert transport.check(address) == address
    assert arrived() == 0

    transport.send(parcel(address))
    assert arrived() == 1
    transport.send(parcel(address))
    assert arrived() == 2


@pytest.mark.parametrize("kind", [*Channel.Kind.values, "inapp"])
@pytest.mark.parametrize("address", ["", " ", "\n", "x y", "\x00", "🙂"])
def test_nonsense_is_refused_for_good_and_contacts_nobody(kind, address, parcel, dialled):
    with pytest.raises(TransportError) as refused:
        transports()[kind].check(address)

    assert refused.value.permanent
    assert dialled == []


def test_each_kind_of_channel_has_a_way():
    assert set(transports()) == {*Channel.Kind.values, "inapp"}
