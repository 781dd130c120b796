"""Staff whose log-in has not used the second factor that they need: members, everywhere."""

import pytest

from mainapp.accounts.models import User
from mainapp.agenda.tests.factories import make_event
from mainapp.core.policies import STAFF, Who
from mainapp.pages.tests.test_policies import (
    PAGES,
    address,
    expected,
    outcome,
    rolled_back,
    send_request,
    unrendered,
)
from mainapp.pages.tests.world import make_world

# Lines that admit staff, and not every member.
LINES = [
    (name, method)
    for name, page in PAGES.items()
    for method, allowed in page.methods.items()
    if allowed & STAFF and Who.OTHER not in allowed and method != "HEAD"
]


@pytest.fixture(autouse=True)
def _required(settings):
    settings.ADMIN_REQUIRES_SECOND_FACTOR = True


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        yield make_world()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), LINES)
def test_a_page_of_staff_needs_the_factor(world, name, method):
    page, here = PAGES[name], address(world, name)
    for person in ("support", "admin"):
        with unrendered():
            answer = send_request(world, person, method, name, here)
        is_sent_to_factor = answer.status_code == 302 and answer.url == "/accounts/2fa/"
        assert is_sent_to_factor or outcome(answer, page) is expected(page, method, "other"), person


@pytest.mark.django_db
def test_reports_of_admins_are_refused_by_page_and_api(client):
    admin = User.objects.create_user("root", access_level="admin")
    client.force_login(admin)
    form = {"subject": "active_users", "format": "csv"}

    assert client.post("/relatorios/", form).status_code == 200  # the form again, with its error
    answer = client.post("/api/v1/reports/", {"kind": "mail_log"}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert not admin.reports.exists()


@pytest.mark.django_db
def test_operations_on_the_events_of_others_are_refused(client, bob):
    admin = User.objects.create_user("root", access_level="admin")
    event = make_event(bob)
    client.force_login(admin)

    answers = [
        client.delete(f"/api/v1/events/{event.pk}/"),
        client.get(f"/api/v1/events/{event.pk}/orders/"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    event.refresh_from_db()
    assert event.state != "cancelled"
