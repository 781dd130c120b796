import re

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.tests.factories import make_club
from mainapp.core.limits.seeding import seed_default_plan
from mainapp.core.limits.usage import quota_usage
from mainapp.core.tests.plans import give_plan
from mainapp.forum.services.rooms import create_room
from mainapp.market.quotes import iso

URL = "/api/v1/usage/"


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def test_own_quotas_are_listed_with_at_most_six_queries(page, alice, django_assert_max_num_queries):
    seed_default_plan()
    give_plan(alice, rooms=3)
    create_room(host=alice, name="Sala")
    with django_assert_max_num_queries(6):
        rows = page.get(URL).json()

    by_kind = {row["kind"]: row for row in rows}
    ends_at = {q.kind.name: q.resets_at for q in quota_usage(alice, at=timezone.now())}["rooms"]
    assert by_kind["rooms"] == {
        "kind": "rooms",
        "limit": 3,
        "used": 1,
        "resets_at": iso(ends_at),
    }
    assert by_kind["ideas"] == {"kind": "ideas", "limit": 20, "used": 0, "resets_at": None}
    assert [row["kind"] for row in rows] == sorted(
        {
            *("calendars", "channel-messages", "clubs", "complaints", "direct-rooms", "events"),
            *("groups", "ideas", "imports", "pictures", "posts", "reports", "rooms", "uploads"),
        }
    )


def test_a_clubs_quotas_are_for_its_managers(page, alice, bob, django_assert_max_num_queries):
    club = make_club(alice, bob)
    give_plan(club, club_members=(7, None))
    address = f"{URL}?club={club.slug}"
    with django_assert_max_num_queries(7):
        rows = page.get(address).json()
    assert [(row["kind"], row["limit"], row["used"], row["resets_at"]) for row in rows] == [
        ("club-members", 7, 2, None),
        ("club-rooms", 20, 0, None),
        ("club-uploads", 200, 0, None),
    ]
    for user, status in ((bob, 403), (User.objects.create_user("carol"), 404)):
        page.force_login(user)
        assert page.get(address).status_code == status
    assert page.get(f"{URL}?club=").status_code == 404


def test_the_page_shows_the_own_quotas(page, alice, django_assert_max_num_queries):
    give_plan(alice, rooms=3)
    create_room(host=alice, name="Sala")
    with django_assert_max_num_queries(6):
        html = page.get("/uso/").content.decode()
    row = html[html.index("Salas novas") :].partition("</tr>")[0]
    used, limit, resets_at = re.findall(r'<td class="num" data-label="[^"]*">([^<]*)</td>', row)
    assert (used, limit) == ("1", "3 em 24 h")
    assert resets_at.startswith("em ")
