"""Conformance of the API with its OpenAPI description, tested with generated requests."""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

from mainapp.accounts.models import User
from mainapp.alerts.tests.factories import make_alert
from mainapp.api.services.keys import create_key
from mainapp.api.services.tokens import create_tokens
from mainapp.core.policies import SCOPES
from mainapp.forum.models import Room
from mainapp.market.tests.factories import CandleFactory, LastQuoteFactory, StockFactory
from mainapp.notifications.tests.factories import notice

EXAMPLES = 5
CHECK_NAMES = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


@pytest.fixture
def alice(settings):
    """Return the credentials of a user who owns an object of each kind, and the objects' keys."""
    settings.API_REQUESTS_A_MINUTE_USER = settings.API_REQUESTS_A_MINUTE_ADDRESS = 1_000_000
    alice = User.objects.create_user("alice", "alice@example.org", "correto cavalo 9")
    LastQuoteFactory(stock=StockFactory(symbol="PETR4"))
    CandleFactory(stock=StockFactory(symbol="PETR4"))
    now = timezone.now()
    room = Room.objects.create(name="Sala", host=alice, created_at=now, active_at=now)
    key, secret = create_key(user=alice, name="bot", scopes=SCOPES, days=1, at=now)
    owned = {
        "keys": key.pk,
        "alerts": make_alert(alice, venda="40.00").pk,
        "notifications": notice(alice).pk,
        "rooms": room.pk,
    }
    return {"token": create_tokens(user=alice)["access"], "key": secret}, owned


@pytest.mark.django_db(transaction=True)  # each request closes its connection
@pytest.mark.parametrize("caller", ["anonymous", "token", "key"])
def test_every_operation_conforms_to_its_description(caller, alice, caplog):
    caplog.set_level("CRITICAL")
    credentials, owned = alice
    schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
    # schemathesis asks for gzip and, through WSGI, does not decompress it.
    headers = {"Accept-Encoding": "identity"}
    if caller in credentials:
        headers["Authorization"] = f"Bearer {credentials[caller]}"
    checks = CHECKS.get_by_names(CHECK_NAMES)
    sent, wrong = 0, []
    for result in schema.get_all_operations():
        try:
            sent += check_operation(result.ok(), headers, checks, owned)
        except FailureGroup as failures:
            wrong.append(str(failures))
    summary = f"{caller}: {sent} requests, {len(wrong)} operations not as described"
    print(summary)  # noqa: T201 - for the log of the run

    assert wrong == []
    assert sent > 100


def check_operation(operation, headers, checks, owned):
    """Send generated requests, every other one for an existing object; return their number."""
    sent = 0

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case):
        nonlocal sent
        sent += 1
        for name, value in path_values(operation.path, owned).items():
            if sent % 2 and name in case.path_parameters:
                case.path_parameters[name] = value
        # Schemathesis does not decompress what its own Accept-Encoding asks for.
        plain = {**headers, "Accept-Encoding": "identity"}
        case.call_and_validate(headers=plain, checks=checks)

    send()
    return sent


def path_values(path, owned):
    """Return the path parameters of an existing object."""
    feature = path.removeprefix("/api/v1/").split("/")[0]
    return {"symbol": "PETR4", "id": owned.get(feature, 1)}
