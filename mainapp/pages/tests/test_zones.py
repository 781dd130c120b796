"""Events follow new rules of their time zones, which the set-up applies."""

from datetime import timedelta

import pytest

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.tests.factories import make_event
from mainapp.pages.management.commands.setup import schedule


@pytest.mark.django_db
def test_set_up_moves_events_to_the_moment_of_their_wall_time():
    host = User.objects.create_user("host")
    event = make_event(host)
    starts_at = event.starts_at
    Event.objects.filter(pk=event.pk).update(  # as stored by the rules of before
        starts_at=starts_at + timedelta(hours=1), ends_at=None, wall_end=""
    )

    schedule()

    event.refresh_from_db()
    assert event.starts_at == starts_at
