"""The policy tables of operations, tested with every operation, for each kind of user."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.agenda.services.seats import enrol
from mainapp.agenda.tests.factories import make_event
from mainapp.alerts.tests.factories import make_alert, share
from mainapp.api import urls
from mainapp.api.services.keys import create_key
from mainapp.clubs.services.invitations import invite
from mainapp.clubs.tests.factories import make_club
from mainapp.core.policies import EVERYONE, Who, operation_policies
from mainapp.forum.models import Room
from mainapp.forum.tests.factories import MessageFactory, make_group
from mainapp.ideas.models import IdeaComment
from mainapp.ideas.tests.factories import make_idea
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.tests.factories import notice
from mainapp.operations.tests.factories import ReportFactory
from mainapp.portfolio.models import Carteira
from mainapp.uploads.tests.factories import UploadFactory

pytestmark = pytest.mark.database_independent

OPERATIONS = operation_policies()
ROLES = {"bob": Who.OTHER, "support": Who.SUPPORT, "admin": Who.ADMIN}
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def objects(alice):
    """Return the URL arguments of alice's objects, by the last part of the operation's name."""
    now, stock = timezone.now(), StockFactory(symbol="PETR4")
    holding = Carteira.objects.create(
        owner=alice, ativo=stock, preco_medio=Decimal(1), quantidade=Decimal(1), nota=1
    )
    room = Room.objects.create(name="Sala", host=alice, created_at=now, active_at=now)
    message = MessageFactory(room=room, author=alice)
    carol = User.objects.create_user("carol")
    chat = make_group(alice, carol)
    upload = UploadFactory(owner=alice)
    event = make_event(alice)
    alert = make_alert(alice, venda="40.00")
    idea = make_idea(alice, symbol="PETR4", at=now)
    comment = IdeaComment.objects.create(idea=idea, author=alice, body="a", created_at=now)
    club = make_club(alice, carol)
    shared = {"slug": club.slug, "pk": share(club, alert).pk}
    link = invite(club_pk=club.pk, actor=alice, at=now)
    return {
        "club": {"slug": club.slug},
        "members": {"slug": club.slug},
        "member": {"slug": club.slug, "pk": carol.pk},
        "invitations": {"slug": club.slug},
        "invitation": {"slug": club.slug, "pk": link.pk},
        "join": {"key": link.key},
        "stock": {"symbol": "PETR4"},
        "events": {"symbol": "PETR4"},
        "candles": {"symbol": "PETR4"},
        "carteira": {"slug": club.slug},
        "alerts": {"slug": club.slug},
        "list": {"slug": club.slug},
        "alert": {"pk": alert.pk},
        "shared-alert": shared,
        "firings": {"pk": alert.pk},
        "holding": {"pk": holding.pk},
        "messages": {"pk": room.pk},
        "room": {"pk": room.pk},
        "reactions": {"pk": room.pk, "seq": message.seq},
        "chat": {"pk": chat.pk},
        "participant": {"pk": chat.pk, "user_pk": carol.pk},
        "block": {"pk": carol.pk},
        "upload": {"pk": upload.pk},
        "idea": {"pk": idea.pk},
        "comments": {"pk": idea.pk},
        "comment": {"pk": idea.pk, "comment_pk": comment.pk},
        "record": {"pk": alice.pk},
        "event": {"pk": event.pk},
        "enrol": {"pk": make_event(alice).pk},
        "orders": {"pk": event.pk},
        "order": {"pk": enrol(event_pk=event.pk, user=alice, at=now).pk},
        "report": {"pk": ReportFactory(owner=alice).pk},
        "notification": {"pk": notice(alice).pk},
        "key": {"pk": create_key(user=alice, name="bot", scopes=["read"], days=1, at=now)[0].pk},
    }


def address(name, objects):
    pattern = next(str(path.pattern) for path in urls.urlpatterns if path.name == name)
    last = "shared-alert" if "shared-alert" in name else name.rpartition("-")[2]
    return reverse(name, kwargs=objects[last] if "<" in pattern else {})


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("person", ["anonymous", "deactivated", "bob", "support", "admin"])
def test_operation_admits_and_refuses_by_its_policy(name, person, objects, client):
    if person != "anonymous":
        level = person if person in ("support", "admin") else "user"
        user = User.objects.create_user(person, access_level=level)
        client.force_login(user)
        User.objects.filter(username="deactivated").update(is_active=False)
    path = address(name, objects)
    for method, allowed in OPERATIONS[name].items():
        response = getattr(client, method)(path, {}, content_type="application/json")
        assert (method, refusal(response)) == (method, expected(allowed, person))


def refusal(response):
    """Return the status of a refusal for lack of permission, None for any other status."""
    is_refused = response.status_code in (401, 403, 404)
    if response.status_code == 401 and response.json()["code"] != "login_required":
        is_refused = False
    return response.status_code if is_refused else None


def expected(allowed, person):
    if allowed == EVERYONE:
        return None
    if person in ("anonymous", "deactivated"):
        return 401
    return None if allowed & ROLES[person] else 404


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_refuses_other_methods(name, objects, alice, client):
    client.force_login(alice)
    for method in set(METHODS) - set(OPERATIONS[name]):
        response = getattr(client, method)(address(name, objects), content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
