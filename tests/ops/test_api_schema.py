"""What the API's description says, held against what the API does, on made-up requests."""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

from mainapp.accounts.models import User
from mainapp.alerts.tests.factories import make_alert
from mainapp.api.services.tokens import create_tokens
from mainapp.forum.models import Room
from mainapp.market.tests.factories import CandleFactory, LastQuoteFactory, StockFactory
from mainapp.notifications.tests.factories import notice

EXAMPLES = 5
HELD = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


@pytest.fixture
def alice(settings):
    """Return the headers of somebody who owns one of everything, and what they own."""
    settings.API_REQUESTS_A_MINUTE_USER = settings.API_REQUESTS_A_MINUTE_ADDRESS = 1_000_000
    alice = User.objects.create_user("alice", "alice@example.org", "correto cavalo 9")
    LastQuoteFactory(stock=StockFactory(symbol="PETR4"))
    CandleFactory(stock=StockFactory(symbol="PETR4"))
    now = timezone.now()
    room = Room.objects.create(name="Sala", host=alice, created_at=now, active_at=now)
    known = {
        "alerts": make_alert(alice, venda="40.00").pk,
        "notifications": notice(alice).pk,
        "rooms": room.pk,
    }
    return {"Authorization": f"Bearer {create_tokens(user=alice)['access']}"}, known


@pytest.mark.django_db(transaction=True)  # each request closes its connection
@pytest.mark.parametrize("who", ["anonymous", "alice"])
def test_every_operation_is_as_described(who, alice, caplog):
    caplog.set_level("CRITICAL")
    bearer, known = alice
    schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
    headers = {} if who == "anonymous" else bearer
    checks = CHECKS.get_by_names(HELD)
    tried, wrong = 0, []
    for result in schema.get_all_operations():
        try:
            tried += hold(result.ok(), headers, checks, known)
        except FailureGroup as failures:
            wrong.append(str(failures))
    summary = f"{who}: {tried} requests, {len(wrong)} operations not as described"
    print(summary)  # noqa: T201 - what the run says of itself

    assert wrong == []
    assert tried > 100


def hold(operation, headers, checks, known):
    """Ask an operation made-up requests, every other of what is there; return how many."""
    tried = 0

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        nonlocal tried
        tried += 1
        for name, value in real_names(operation.path, known).items():
            if tried % 2 and name in case.path_parameters:
                case.path_parameters[name] = value
        case.call_and_validate(headers=headers, checks=checks)

    ask()
    return tried


def real_names(path, known):
    """Return what stands in an address of something that there is."""
    feature = path.removeprefix("/api/v1/").split("/")[0]
    return {"symbol": "PETR4", "id": known.get(feature, 1)}
