"""Migration of the daily counters into core, forwards and backwards on the real tables."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from mainapp.core.models import Usage
from mainapp.core.tests.migrating import migrated_to

BEFORE = [
    ("forum", "0004_order_messages_without_a_join"),
    ("accounts", "0005_usage"),
    ("core", None),
    ("ideas", None),
    ("agenda", None),
]


@pytest.mark.timeout(180)  # migrations of all features
@pytest.mark.django_db(transaction=True)
def test_daily_counts_and_room_counts_are_migrated():
    with migrated_to(BEFORE) as apps:
        user = apps.get_model("accounts", "User").objects.create(username="alice")
        usage = apps.get_model("accounts", "Usage")
        usage.objects.create(user=user, kind="uploads", day=date(2026, 3, 9), count=10)
        usage.objects.create(user=user, kind="uploads", day=date(2026, 3, 10), count=4)
        now = timezone.now()
        for hours in (30, 20, 1):
            at = now - timedelta(hours=hours)
            room = apps.get_model("forum", "Room")
            room.objects.create(host_id=user.pk, name=f"{hours}", created_at=at, active_at=at)

    counted = {usage.limit: (usage.count, usage.window_ends_at) for usage in Usage.objects.all()}
    midnight_in_sao_paulo = datetime(2026, 3, 11, 3, tzinfo=UTC)
    assert counted == {
        "uploads": (4, midnight_in_sao_paulo),
        "rooms": (2, now - timedelta(hours=20) + timedelta(days=1)),
    }

    with migrated_to(BEFORE) as apps:
        usages = apps.get_model("accounts", "Usage").objects.values_list("kind", "day", "count")
        assert list(usages) == [("uploads", date(2026, 3, 10), 4)]
