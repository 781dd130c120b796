import pytest
from django.core.management import CommandError, call_command

from mainapp.agenda.models import Event
from mainapp.agenda.tests.factories import make_club


@pytest.mark.parametrize("name", ["populate_agenda", "populate_courses"])
def test_sample_events_need_debug(name, alice, settings):
    make_club(alice)
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command(name, 3)
    settings.DEBUG = True
    call_command(name, 12, verbosity=0)
    assert Event.objects.count() == 12
    assert Event.objects.exclude(club=None).exists()
    assert Event.objects.filter(tags__key="fii").exists()
