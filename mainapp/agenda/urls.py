"""URLs of the agenda's pages."""

from django.urls import path

from mainapp.agenda.views import agenda, calendars, events

urlpatterns = [
    path("agenda/", agenda.agenda, name="agenda"),
    path("agenda/agenda.ics", agenda.agenda_file, name="agenda-file"),
    path("agenda/vagas/", events.own_orders, name="own-orders"),
    path("agenda/link/", calendars.calendar_link, name="calendar-link"),
    path("agenda/importar/", calendars.import_calendar, name="import-calendar"),
    path("agenda/vagas/<key:pk>/pago/", events.mark_order, name="mark-order"),
    path("agenda/<str:key>/agenda.ics", agenda.calendar_feed, name="calendar-feed"),
    path("evento/novo/", events.new_event, name="novo-evento"),
    path("evento/<key:pk>/", events.event_page, name="evento"),
    path("evento/<key:pk>/evento.ics", agenda.event_file, name="event-file"),
    path("evento/<key:pk>/vaga/", events.enrol_in, name="enrol-event"),
    path("evento/<key:pk>/devolver/", events.release, name="give-back-seat"),
    path("evento/<key:pk>/editar/", events.change_event, name="update-event"),
    path("evento/<key:pk>/cancelar/", events.cancel_event, name="cancel-event"),
    path("evento/<key:pk>/vagas/", events.event_orders, name="event-orders"),
]
