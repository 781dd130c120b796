import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import Preferences, User
from mainapp.agenda.models import Event, Order
from mainapp.agenda.services.events import cancel_event
from mainapp.agenda.services.seats import enrol
from mainapp.agenda.tests.factories import make_club, make_event
from mainapp.core.models import Tag
from mainapp.moderation.services.complaints import complain, decide_case


def form(**fields):
    values = {
        "kind": "course",
        "title": "Curso",
        "starts_at": "2030-03-10T19:00",
        "ends_at": "2030-03-10T21:00",
        "time_zone": "Europe/Lisbon",
        "price": "1.050,50",
        "seats": "20",
        "tags": "Ações, FII, acoes",
    }
    return values | fields


def sentences(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def login(client, alice):
    client.force_login(alice)
    return client


def test_an_event_is_created_by_the_form(login, alice):
    response = login.post(reverse("novo-evento"), form())
    event = Event.objects.get()

    assert response.url == reverse("evento", args=[event.pk])
    assert (event.host, event.club, float(event.price), event.seats) == (alice, None, 1050.5, 20)
    assert event.starts_at.isoformat() == "2030-03-10T19:00:00+00:00"
    assert sorted(event.tags.values_list("name", flat=True)) == ["FII", "acoes"]
    assert Tag.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"title": "Curso\u202egpj"},
        {"place": "Sala\x7f"},
        {"starts_at": "amanhã"},
        {"starts_at": "2020-01-01T10:00", "ends_at": ""},
        {"ends_at": "2030-03-10T18:00"},
        {"time_zone": "Marte/Base"},
        {"seats": "0"},
        {"price": "-1"},
        {"link": "javascript:alert(1)"},
        {"tags": "a,b,c,d,e,f,g,h,i"},
        {"club": "outro"},
    ],
)
def test_invalid_fields_create_no_event(wrong, login):
    response = login.post(reverse("novo-evento"), form(**wrong))
    assert (response.status_code, Event.objects.count()) == (200, 0)
    assert response.context["form"].errors


def test_public_events_have_a_quota_except_for_staff_and_clubs(login, alice, settings):
    settings.EVENTS_A_DAY = 1
    make_club(alice, name="Alfa")
    for slug, count in (("", 1), ("", 1), ("alfa", 2), ("alfa", 3)):
        login.post(reverse("novo-evento"), form(club=slug))
        assert Event.objects.count() == count
    User.objects.filter(pk=alice.pk).update(access_level="support")
    login.post(reverse("novo-evento"), form(club=""))
    assert Event.objects.count() == 4


def test_the_form_shows_the_last_day_of_an_all_day_event(login, alice):
    login.post(reverse("novo-evento"), form(is_all_day="on", ends_at="2030-03-12T00:00"))
    event = Event.objects.get()
    assert (event.wall_start, event.wall_end) == ("2030-03-10T00:00", "2030-03-13T00:00")
    page = login.get(reverse("update-event", args=[event.pk]))
    assert page.context["form"].initial["ends_at"] == "2030-03-12T00:00"


def test_seat_is_ordered_waited_for_and_given_back(login, alice, bob):
    event = make_event(seats=1)
    enrol(event_pk=event.pk, user=bob, at=timezone.now())
    url = reverse("enrol-event", args=[event.pk])

    assert sentences(login.post(url)) == ["Vagas esgotadas"]
    assert "espera" in sentences(login.post(url, {"wait": "on"}))[-1]
    page = login.get(event.get_absolute_url()).content.decode()
    assert "Você é o 1º da lista de espera" in page
    assert "Sair da espera" in page
    login.post(reverse("give-back-seat", args=[event.pk]))
    assert Order.objects.get(user=alice).state == "cancelled"
    assert Order.objects.get(user=bob).state == "confirmed"


def test_host_sees_orders_and_marks_paid(login, alice, bob):
    event = make_event(alice, price=10)
    order = enrol(event_pk=event.pk, user=bob, at=timezone.now())
    page = login.get(reverse("event-orders", args=[event.pk])).content.decode()
    assert "Marcar como pago" in page
    login.post(reverse("mark-order", args=[order.pk]), {"paid": "on"})
    order.refresh_from_db()
    assert order.is_paid


def test_month_shows_days_in_the_readers_zone(login, alice):
    Preferences.objects.create(user=alice, time_zone="Asia/Tokyo")
    make_event(wall_start="2030-03-10T20:00", time_zone="America/Sao_Paulo", title="Tarde")
    make_event(wall_start="2030-03-10T00:00", is_all_day=True, title="Dia todo")
    page = login.get(reverse("agenda"), {"view": "month", "month": "2030-03"})
    days = {
        day.date.isoformat(): [event.title for event in day.events]
        for week in page.context["weeks"]
        for day in week
        if day.events
    }
    assert days == {"2030-03-10": ["Dia todo"], "2030-03-11": ["Tarde"]}
    for month in ("", "2030-13", "abc", "0001-01", "9999-12"):
        assert login.get(reverse("agenda"), {"view": "month", "month": month}).status_code == 200


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=balanco", ["Balanço"]),
        ("kind=course", ["Balanço"]),
        ("kind=course&kind=assembly", ["Balanço", "Grátis"]),
        ("tags=acoes", ["Balanço"]),
        ("tags=nada", []),
        ("is_free=true", ["Grátis"]),
        ("is_free=false", ["Balanço"]),
        ("price_min=1&price_max=60", ["Balanço"]),
        ("start_from=2030-03-11", ["Grátis"]),
        ("start_to=2030-03-10", ["Balanço"]),
        ("ordering=-price", ["Balanço", "Grátis"]),
        ("ordering=-starts_at", ["Grátis", "Balanço"]),
        ("title=balan&start_date_from=2030-01-01", ["Balanço"]),
        ("start_from=nada&price_min=x&ordering=x", ["Balanço", "Grátis"]),
    ],
)
def test_filters_combine(query, titles, client, db):
    make_event(
        title="Balanço", kind="course", price=50, tags=["Ações"], wall_start="2030-03-10T19:00"
    )
    make_event(title="Grátis", kind="assembly", wall_start="2030-03-12T19:00")
    page = client.get(f"{reverse('agenda')}?{query}")
    assert [event.title for event in page.context["page"]] == titles


@pytest.mark.parametrize(
    ("language", "head", "day"),
    [("pt-br", "sáb", "sáb, 2 de mar de 2030"), ("en", "Sat", "Sat 2 Mar 2030")],
)
def test_month_names_its_days(language, head, day, client, db):
    client.cookies["django_language"] = language
    page = client.get(f"{reverse('agenda')}?view=month&month=2030-03").content.decode()
    assert f'<th scope="col">{head}</th>' in page
    assert day in page


def test_complaint_about_a_public_event_removes_it(login, alice, bob):
    staff = User.objects.create_user("sara", access_level="support")
    event = make_event(bob, title="Ganhe muito")
    assert login.get(reverse("report-event", args=[event.pk])).status_code == 200
    complaint, _new = complain(kind="event", pk=event.pk, reporter=alice, at=timezone.now())
    decide_case(
        pk=complaint.case_id, revision=0, decision="removed", actor=staff, at=timezone.now()
    )
    assert login.get(event.get_absolute_url()).status_code == 404


def test_blocks_show_the_week(login, alice, bob):
    event = make_event(bob, title="Na semana")
    home = login.get(reverse("home")).content.decode()
    assert "Na semana" in home
    assert "Você ainda não tem vaga" in home
    enrol(event_pk=event.pk, user=alice, at=timezone.now())
    home = login.get(reverse("home")).content.decode()
    assert ("Na semana" in home, "Você ainda não tem vaga" in home) == (True, False)
    cancel_event(event_pk=event.pk, actor=bob, at=timezone.now())
    assert "Agenda da semana" not in login.get(reverse("home")).content.decode()
