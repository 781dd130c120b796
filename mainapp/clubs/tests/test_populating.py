import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from mainapp.clubs.models import Club, ClubMember


@pytest.mark.parametrize("name", ["populate_clubs", "populate_tenants", "populate_projects"])
def test_clubs_are_added_with_an_owner_each(db, settings, capsys, name):
    settings.DEBUG = True
    for _time in range(2):
        call_command(name, "3", members=12)

    assert "populate_clubs: 3 clubs with 36 members" in capsys.readouterr().out
    sizes = Club.objects.annotate(n=Count("members")).values_list("n", flat=True)
    assert list(sizes) == [12] * 6
    assert ClubMember.objects.filter(role="owner").count() == 6


@pytest.mark.parametrize(("count", "is_debug"), [("3", False), ("0", True)])
def test_sample_data_needs_debug_and_a_number(db, settings, count, is_debug):
    settings.DEBUG = is_debug
    with pytest.raises(CommandError):
        call_command("populate_clubs", count)
    assert not Club.objects.exists()
