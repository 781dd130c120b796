import re

import pytest
from django.http import Http404
from django.urls import Resolver404, get_resolver, resolve, reverse

from mainapp.alerts.models import Alert
from mainapp.alerts.tests.factories import make_alert
from mainapp.core.paths import MAX_KEY, get_owned_or_404, parse_key
from mainapp.core.policies import PREFIXES
from mainapp.pages.management.policies import routes
from routing import websocket_urlpatterns

MALFORMED = [
    *("0", "00", "01", "007", "+1", "-1", "1.0", "1e3", " 1", "1 ", "1_0", "0x1", "abc", "²"),
    *("\u0661", "\uff11", "1\n", str(MAX_KEY + 1), "9" * 30),
]
# Parameters that are not primary keys: names, and secret keys. A club's page has its slug.
TEXTS = {"language", "market", "symbol", "share_key", "token", "key", "room_name", "uidb36"}
OTHER = {*(("str", name) for name in TEXTS), ("slug", "slug")}
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


def own_routes():
    for path, _pattern in routes(get_resolver().url_patterns):
        if not path.startswith(tuple(PREFIXES)):
            yield path
    for pattern in websocket_urlpatterns:
        yield str(pattern.pattern)


def parameters():
    return [
        (path, converter or "str", name)
        for path in own_routes()
        for converter, name in PARAMETER.findall(path)
    ]


KEYED = [path for path, converter, _name in parameters() if converter == "key"]


def test_every_route_uses_the_key_converter():
    others = [line for line in parameters() if line[1] != "key"]

    assert len(KEYED) > 40
    assert [line for line in others if line[1:] not in OTHER] == []


def matches(path):
    try:
        return resolve(path).route
    except Resolver404:
        return None


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_key_matches_no_route(text):
    for route in KEYED:
        path = "/" + re.sub(r"<key:\w+>", text, route).replace("<str:key>", "x")
        path = path.replace("<slug:slug>", "x")
        if route.startswith("ws/"):
            pattern = next(p for p in websocket_urlpatterns if str(p.pattern) == route)
            assert pattern.pattern.match(path[1:]) is None
        else:
            assert matches(path) != route


@pytest.mark.parametrize("key", [1, 10, 10**18, MAX_KEY])
def test_key_has_one_spelling(key):
    path = reverse("alert-history", args=[key])

    assert path == f"/alerts/{key}/"
    assert resolve(path).kwargs == {"pk": key}
    assert parse_key(str(key)) == key


@pytest.mark.parametrize(
    "path",
    [
        *("/alerts/001/", "/watchlists/001/", "/room/007/", "/profile/01/", "/update-alert/01/"),
        *("/update-carteira/01/", "/notifications/channels/01/", "/api/v1/alerts/001/"),
        *("/api/v1/carteira/01/", "/api/v1/rooms/01/messages/", f"/alerts/{MAX_KEY + 1}/"),
    ],
)
def test_malformed_key_is_404(client, alice, path):
    client.force_login(alice)

    assert client.get(path).status_code == 404


async def test_malformed_key_of_a_room_closes_its_socket(websocket, alice):
    for key in ("0", "007", "+1", "abc", str(MAX_KEY + 1)):
        async with websocket(f"/ws/room/{key}/") as socket:
            assert await socket.closed() == 4404


def test_foreign_and_missing_rows_have_the_same_refusal(alice, bob):
    alert = make_alert(alice, venda="40.00")
    own = Alert.objects.filter(owner=bob)

    assert get_owned_or_404(Alert.objects.filter(owner=alice), alert.pk) == alert
    for pk in (alert.pk, alert.pk + 1, MAX_KEY, None):
        with pytest.raises(Http404):
            get_owned_or_404(own, pk)
