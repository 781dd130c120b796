from datetime import timedelta

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.readers import calendar_child
from mainapp.agenda.services import importing
from mainapp.agenda.services.importing import import_calendar
from mainapp.agenda.tests.factories import make_club
from mainapp.core import bounded_child
from mainapp.core.exceptions import DomainError

SOON = timezone.now() + timedelta(days=3)
DAY = SOON.strftime("%Y%m%d")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Run the worker without a child: 0.4 s for each start. One test uses the real child."""

    def run(worker, *arguments, data, limits):
        return calendar_child.work(list(arguments), data)

    monkeypatch.setattr(bounded_child, "run", run)


@pytest.fixture
def staff(db):
    return User.objects.create_user("sara", access_level=User.Access.SUPPORT)


def calendar(*events):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    for event in events:
        lines += ["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def load(host, data, club=None):
    return import_calendar(
        host=host, club=club, data=data, zone_name="America/Sao_Paulo", at=timezone.now()
    )


def wall_starts():
    return list(Event.objects.order_by("starts_at").values_list("wall_start", flat=True))


def fault(host, *lines):
    with pytest.raises(DomainError) as refused:
        load(host, calendar(["UID:a", f"DTSTART:{DAY}T190000Z", "SUMMARY:A"], lines))
    assert Event.objects.count() == 0
    return str(refused.value)


def test_importing_twice_changes_nothing(staff):
    data = calendar(
        ["UID:a", f"DTSTART;TZID=Europe/Lisbon:{DAY}T190000", "SUMMARY:Renda\\, fixa"],
        ["UID:b", f"DTSTART:{DAY}T100000", f"DTEND:{DAY}T113000", "SUMMARY:Solto"],
        ["UID:c", f"DTSTART;VALUE=DATE:{DAY}", "SUMMARY:Dia"],
    )
    assert (load(staff, data).created, load(staff, data).known) == (3, 3)

    first, second, third = Event.objects.order_by("title")
    day = f"{DAY[:4]}-{DAY[4:6]}-{DAY[6:]}"
    assert (first.title, first.is_all_day, first.wall_start) == ("Dia", True, f"{day}T00:00")
    assert (second.title, second.time_zone) == ("Renda, fixa", "Europe/Lisbon")
    assert (third.wall_start, third.wall_end) == (f"{day}T10:00", f"{day}T11:30")
    assert third.time_zone == "America/Sao_Paulo"


def test_series_with_changed_and_excluded_days(staff):
    start = SOON.replace(hour=12, minute=0, second=0)
    timestamps = [f"{start + timedelta(days=step):%Y%m%dT%H%M%SZ}" for step in range(4)]
    later = f"{start + timedelta(days=1, hours=3):%Y%m%dT%H%M%SZ}"
    series = ["UID:serie", f"DTSTART:{timestamps[0]}", "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:Serie"]
    moved = ["UID:serie", f"RECURRENCE-ID:{timestamps[1]}", f"DTSTART:{later}", "SUMMARY:Mudou"]
    data = calendar([*series, f"EXDATE:{timestamps[2]}"], moved)

    assert load(staff, data).created == 3
    titles = list(Event.objects.order_by("starts_at").values_list("title", flat=True))
    assert titles == ["Serie", "Mudou", "Serie"]
    assert load(staff, data).known == 3


def test_series_keeps_its_wall_time_over_summer_time(staff):
    data = calendar(
        [
            *("UID:s", "DTSTART;TZID=Europe/Lisbon:20260105T190000", "SUMMARY:S"),
            "RRULE:FREQ=MONTHLY",
        ]
    )
    assert load(staff, data).created >= 12
    assert {wall[11:] for wall in wall_starts()} == {"19:00"}
    assert {moment.hour for moment in Event.objects.values_list("starts_at", flat=True)} == {18, 19}


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=DAILY;INTERVAL=0", "intervalo"),
        ("FREQ=DAILY;COUNT=1000000000", "repetições demais"),
        ("FREQ=SECONDLY", "mais de uma vez por dia"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "complicada"),
    ],
)
def test_endless_repeats_are_refused_with_their_line(rule, reason, staff, monkeypatch):
    monkeypatch.setattr(calendar_child, "RULE_S", 0.02)
    message = fault(staff, "UID:b", f"DTSTART:{DAY}T100000Z", "SUMMARY:B", f"RRULE:{rule}")

    assert "Linha 10" in message
    assert reason in message


def test_other_faults_are_refused_with_their_line(staff):
    assert "Linha 10: não tem UID" in fault(staff, f"DTSTART:{DAY}T100000Z", "SUMMARY:B")
    assert "Linha 10" in fault(staff, "UID:b", "DTSTART:amanhã", "SUMMARY:B")
    assert "Linha 10" in fault(staff, "UID:b", "SUMMARY:B")
    early = f"DTEND:{DAY}T090000Z"
    assert "termina antes" in fault(staff, "UID:b", f"DTSTART:{DAY}T100000Z", early)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xff\xfe", "Título;Início".encode()])
def test_other_files_are_refused(data, staff):
    with pytest.raises(DomainError):
        load(staff, data)


def test_too_many_events_and_too_large_files_are_refused(staff, monkeypatch):
    many = [[f"UID:{n}", f"DTSTART:{DAY}T100000Z", "SUMMARY:x"] for n in range(201)]
    with pytest.raises(DomainError) as refused:
        load(staff, calendar(*many))
    assert "200 eventos" in str(refused.value)
    with pytest.raises(DomainError) as refused:
        load(staff, b"x" * (512 * 1024 + 1))
    assert refused.value.code == "too_large"


def test_club_imports_are_for_its_managers(alice, bob):
    club = make_club(alice, bob)
    data = calendar(["UID:a", f"DTSTART:{DAY}T190000Z", "SUMMARY:A"])
    with pytest.raises(DomainError) as refused:
        load(bob, data, club)
    assert refused.value.code == "forbidden"
    assert load(alice, data, club).created == 1
    assert Event.objects.get().club == club


def test_imported_public_events_count_as_new_ones(bob, settings):
    settings.EVENTS_A_DAY = 2
    events = [[f"UID:{n}", f"DTSTART:{DAY}T100000Z", "SUMMARY:x"] for n in range(3)]
    with pytest.raises(DomainError) as refused:
        load(bob, calendar(*events))
    assert (refused.value.code, Event.objects.count()) == ("rate_limited", 0)
    assert importing.Imported(1, 0).created == 1
    assert load(bob, calendar(*events[:2])).created == 2


def test_the_worker_lives_in_a_bounded_child(staff, monkeypatch):
    monkeypatch.undo()
    assert load(staff, calendar(["UID:a", f"DTSTART:{DAY}T190000Z", "SUMMARY:A"])).created == 1


def test_texts_that_cannot_be_shown_are_left_out(staff):
    """PostgreSQL refuses some of them, and a browser reads others as another address."""
    start = f"{timezone.now() + timedelta(days=3):%Y%m%dT%H%M%SZ}"
    lines = ["UID:a", f"DTSTART:{start}", "SUMMARY:Curso", "SUMMARY:Outro", "LOCATION:\x00"]
    data = calendar([*lines, "CATEGORIES:a\x00b,\u202e,FII", 'URL:http://x y/"onclick="a'])
    load(staff, data)
    event = Event.objects.get()
    assert (event.title, event.place, event.link) == ("Curso", "", "")
    assert sorted(event.tags.values_list("name", flat=True)) == ["FII", "ab"]
