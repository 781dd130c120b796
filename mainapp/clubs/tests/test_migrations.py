"""The migration of single clubs' limits into plans, on the real tables."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from mainapp.clubs.models import Club
from mainapp.core.models import Plan, QuotaRule
from mainapp.core.tests.migrating import migrated_to

BEFORE = [("clubs", "0001_initial")]


@pytest.mark.timeout(180)  # migrations of all features
@pytest.mark.django_db(transaction=True)
def test_limits_of_clubs_become_shared_plans_and_the_last_version_can_still_write():
    with migrated_to(BEFORE) as apps:
        clubs = apps.get_model("clubs", "Club").objects
        for slug, limits in {
            "a": {"max_members": 7, "uploads_a_day": 0},
            "b": {"max_members": 7, "uploads_a_day": 0},
            "c": {"max_rooms": 3},
            "d": {},
        }.items():
            clubs.create(name=slug, slug=slug, created_at=timezone.now(), **limits)

    shared, rooms = "Clubes: membros 7, arquivos 0", "Clubes: salas 3"
    named = Club.objects.order_by("slug").values_list("slug", "plan__name")
    assert list(named) == [("a", shared), ("b", shared), ("c", rooms), ("d", None)]
    rules = QuotaRule.objects.order_by("pk").values_list("plan__name", "kind", "limit", "window")
    assert list(rules) == [
        (shared, "club-members", 7, None),
        (shared, "club-uploads", 0, timedelta(days=1)),
        (rooms, "club-rooms", 3, None),
    ]
    with connection.cursor() as cursor:  # the statement of a process of the last version
        cursor.execute("UPDATE clubs_club SET max_rooms = 5 WHERE slug = 'd'")
    Club.objects.all().delete()
    Plan.objects.all().delete()
