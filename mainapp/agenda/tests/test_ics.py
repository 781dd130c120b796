import os
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.rendering.ics import calendar_file, folded
from mainapp.agenda.services.events import cancel_event, update_event
from mainapp.agenda.services.links import renew_link, revoke_link
from mainapp.agenda.services.seats import enrol
from mainapp.agenda.tests.factories import make_club, make_event
from mainapp.clubs.models import ClubMember


def file_of(*events):
    return calendar_file(events, name="Agenda", url_of=lambda event: f"https://x/{event.pk}")


def events_in(body):
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(body).walk("VEVENT")}


@pytest.mark.parametrize("lead", range(60, 80))
def test_lines_are_folded_between_characters(lead):
    line = "x" * lead + "çã\N{CHART WITH UPWARDS TREND}" * 40
    parts = list(folded(line))

    assert all(len(part.encode()) <= 75 for part in parts)
    assert parts[0] + "".join(part.removeprefix(" ") for part in parts[1:]) == line


def test_texts_survive_writing_and_parsing(db):
    texts = {
        "title": "Renda; fixa, ações \\ e mais " + "ç" * 60,
        "description": "Um, dois;\ntrês\n\n“quatro” \N{CHART WITH UPWARDS TREND}",
        "place": "Av. Paulista, 1.000; sala 2",
        "tags": ["renda, fixa", "ações"],
    }
    event = make_event(**texts)
    body = file_of(event)
    parsed = events_in(body)[texts["title"]]

    assert str(parsed["DESCRIPTION"]) == texts["description"]
    assert str(parsed["LOCATION"]) == texts["place"]
    assert sorted(str(tag) for tag in parsed["CATEGORIES"].cats) == ["ações", "renda, fixa"]
    lines = body.split(b"\r\n")
    assert (lines[-1], b"\n" in b"".join(lines), b"\r" in b"".join(lines)) == (b"", False, False)
    assert all(len(line) <= 75 and line.decode() is not None for line in lines)
    assert {"UID", "DTSTAMP", "DTSTART"} <= set(parsed)


def test_an_event_without_end_place_and_seats_is_exported_in_utc(db):
    event = make_event(
        wall_start="2030-03-10T19:00", time_zone="Europe/Lisbon", title="Sem fim", seats=None
    )
    parsed = events_in(file_of(event))["Sem fim"]

    assert parsed.decoded("DTSTART") == datetime(2030, 3, 10, 19, tzinfo=UTC)
    assert b"TZID" not in file_of(event)
    assert "DTEND" not in parsed


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Sao_Paulo"])
def test_whole_days_are_dates_with_an_exclusive_end(zone, db, monkeypatch):
    event = make_event(
        wall_start="2030-03-10T00:00",
        wall_end="2030-03-12T00:00",
        is_all_day=True,
        time_zone="Asia/Tokyo",
        title="Feriado",
    )
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    body = file_of(Event.objects.get(pk=event.pk))
    monkeypatch.setenv("TZ", before or "UTC")
    time.tzset()

    assert b"DTSTART;VALUE=DATE:20300310\r\nDTEND;VALUE=DATE:20300312\r\n" in body
    assert events_in(body)["Feriado"].decoded("DTEND") == date(2030, 3, 12)


def test_unchanged_events_are_the_same_bytes_and_a_change_raises_the_sequence(db):
    event = make_event(title="A")
    first = file_of(event)
    assert file_of(Event.objects.get(pk=event.pk)) == first

    later = timezone.now() + timedelta(hours=1)
    update_event(event_pk=event.pk, actor=event.host, fields={"title": "B"}, at=later)
    changed = events_in(file_of(Event.objects.get(pk=event.pk)))["B"]
    assert str(changed["UID"]) == event.uid
    assert int(changed["SEQUENCE"]) == 1
    assert changed.decoded("DTSTAMP") == later.replace(microsecond=0)


def test_export_has_the_events_of_the_filtered_page(client, alice):
    make_event(title="Curso", kind="course", price=50)
    make_event(title="Encontro")
    for query, titles in (("", {"Curso", "Encontro"}), ("?kind=course", {"Curso"})):
        response = client.get(reverse("agenda-file") + query)
        page = client.get(reverse("agenda") + query)
        assert set(events_in(response.content)) == titles
        assert {event.title for event in page.context["page"]} == titles
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="agenda.ics"'
    assert set(events_in(client.get(reverse("agenda-file") + "?is_free=true").content)) == {
        "Encontro"
    }


def test_304_is_returned_only_for_the_same_bytes(client, alice):
    event = make_event()
    url = reverse("calendar-feed", args=[renew_link(user=event.host, at=timezone.now()).key])
    first = client.get(url)

    assert client.get(url, headers={"if-none-match": first["ETag"]}).status_code == 304
    past = "Wed, 21 Oct 2037 07:28:00 GMT"
    assert client.get(url, headers={"if-modified-since": past}).status_code == 200
    update_event(event_pk=event.pk, actor=event.host, fields={"title": "Novo"}, at=timezone.now())
    assert client.get(url, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_feed_has_own_seats_and_clubs_and_cancelled_events_for_a_while(client, alice, bob):
    club = make_club(bob, alice)
    make_event(bob, club=club, title="Do clube")
    seat, waited, other = (
        make_event(title=title, seats=1) for title in ("Vaga", "Espera", "Outro")
    )
    enrol(event_pk=seat.pk, user=alice, at=timezone.now())
    enrol(event_pk=waited.pk, user=bob, at=timezone.now())
    enrol(event_pk=waited.pk, user=alice, wait=True, at=timezone.now())
    url = reverse("calendar-feed", args=[renew_link(user=alice, at=timezone.now()).key])

    body = client.get(url).content
    assert set(events_in(body)) == {"Do clube", "Vaga"}
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n" in body

    cancel_event(event_pk=seat.pk, actor=seat.host, at=timezone.now())
    cancelled = events_in(client.get(url).content)["Vaga"]
    assert (str(cancelled["STATUS"]), int(cancelled["SEQUENCE"])) == ("CANCELLED", 1)
    old = timezone.now() - timedelta(days=30)
    Event.objects.filter(pk=seat.pk).update(cancelled_at=old)
    assert set(events_in(client.get(url).content)) == {"Do clube"}

    ClubMember.objects.get(club=club, user=alice).delete()
    assert set(events_in(client.get(url).content)) == set()
    assert other.title == "Outro"


def test_renewed_and_revoked_links_are_404_at_once(client, alice):
    first = renew_link(user=alice, at=timezone.now()).key
    second = renew_link(user=alice, at=timezone.now()).key
    urls = [reverse("calendar-feed", args=[key]) for key in (first, second)]

    assert [client.get(url).status_code for url in urls] == [404, 200]
    revoke_link(user=alice)
    assert client.get(urls[1]).status_code == 404
    renewed = renew_link(user=alice, at=timezone.now()).key
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get(reverse("calendar-feed", args=[renewed])).status_code == 404
