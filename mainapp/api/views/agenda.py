"""`events/`, `courses/` and `orders/`."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mainapp.agenda.exceptions import EventGone, SoldOut
from mainapp.agenda.forms import EventFilter
from mainapp.agenda.models import Event, Order
from mainapp.agenda.selectors.access import managed_clubs, managed_event
from mainapp.agenda.selectors.events import event_seen_by, events_for, zone_of
from mainapp.agenda.selectors.orders import managed_order, orders_of, own_orders
from mainapp.agenda.services.events import cancel_event, create_event, update_event
from mainapp.agenda.services.seats import enrol, mark_paid, release_seats
from mainapp.api.pagination import Pages
from mainapp.api.serializers.agenda import (
    CourseInput,
    EnrolInput,
    EventData,
    EventInput,
    EventQuery,
    OrderData,
    OrderInput,
    PaidInput,
    event_data,
    order_data,
)
from mainapp.api.views.base import ApiView, valid
from mainapp.core.exceptions import DomainError
from mainapp.core.paths import missing_as_404


class EventsView(ApiView):
    """The events that the user may see, and a new one."""

    serializer_class: Any = EventInput
    pagination_class = Pages

    @extend_schema(parameters=[EventQuery], responses={200: EventData(many=True)})
    def get(self, request: Any) -> Response:
        query = request.query_params
        rows = self.narrowed(events_for(request.user, clubs=query.getlist("club")))
        filters = EventFilter(query, queryset=rows, zone_name=zone_of(request.user))
        if not filters.is_valid():
            raise ValidationError({name: list(texts) for name, texts in filters.errors.items()})
        page: list[Event] = self.paginate_queryset(filters.qs.prefetch_related("tags"))
        return self.get_paginated_response([event_data(event) for event in page])

    @extend_schema(responses={201: EventData})
    def post(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        slug = valid(serializer).get("club")
        club = next((club for club in managed_clubs(request.user) if club.slug == slug), None)
        if slug and club is None:
            raise ValidationError({"club": ["other"]})
        fields = serializer.fields_of_event()
        event = create_event(host=request.user, club=club, fields=fields, at=timezone.now())
        return Response(_event(event.pk, request.user), 201)

    def narrowed(self, rows: Any) -> Any:
        return rows


class CoursesView(EventsView):
    """The events of the kind `course`, and a new one."""

    serializer_class = CourseInput

    def narrowed(self, rows: Any) -> Any:
        return rows.filter(kind=Event.Kind.COURSE)


class EventView(ApiView):
    """One event; its host and those who manage it change and cancel it."""

    serializer_class = EventInput

    @extend_schema(responses={200: EventData})
    def get(self, request: Any, pk: int) -> Response:
        return Response(_event(pk, request.user))

    @extend_schema(responses={200: EventData})
    def patch(self, request: Any, pk: int) -> Response:
        event = _managed(pk, request.user)
        serializer = self.get_serializer(event, data=request.data, partial=True)
        if "club" in valid(serializer) and serializer.validated_data["club"] != _slug(event):
            raise ValidationError({"club": ["other"]})
        fields = serializer.fields_of_event()
        update_event(event_pk=pk, actor=request.user, fields=fields, at=timezone.now())
        return Response(_event(pk, request.user))

    @extend_schema(responses={200: EventData})
    def delete(self, request: Any, pk: int) -> Response:
        _managed(pk, request.user)
        cancel_event(event_pk=pk, actor=request.user, at=timezone.now())
        return Response(_event(pk, request.user))


class EnrolView(ApiView):
    """Ordering seats of an event, and giving them back."""

    serializer_class = EnrolInput

    @extend_schema(responses={201: OrderData, 202: OrderData})
    def post(self, request: Any, pk: int) -> Response:
        data = valid(self.get_serializer(data=request.data))
        return _ordered(enrol(event_pk=pk, user=request.user, at=timezone.now(), **data))

    @extend_schema(responses={200: OrderData})
    def delete(self, request: Any, pk: int) -> Response:
        order = release_seats(event_pk=pk, user=request.user, at=timezone.now())
        return Response(order_data(order))


class EventOrdersView(ApiView):
    """The orders of an event, for those who manage it."""

    pagination_class = Pages

    @extend_schema(responses={200: OrderData(many=True)})
    def get(self, request: Any, pk: int) -> Response:
        page: list[Order] = self.paginate_queryset(orders_of(_managed(pk, request.user)))
        return self.get_paginated_response([order_data(order) for order in page])


class OrdersView(ApiView):
    """The user's own orders, and a new one."""

    serializer_class = OrderInput
    pagination_class = Pages

    @extend_schema(responses={200: OrderData(many=True)})
    def get(self, request: Any) -> Response:
        page: list[Order] = self.paginate_queryset(own_orders(request.user))
        return self.get_paginated_response([order_data(order) for order in page])

    @extend_schema(responses={201: OrderData, 202: OrderData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        try:
            order = enrol(
                event_pk=data["product_id"],
                user=request.user,
                seats=data["quantity"],
                wait=data["wait"],
                at=timezone.now(),
            )
        except EventGone:
            raise DomainError("invalid", fields={"product_id": "other"}) from None
        return _ordered(order)

    def handle_exception(self, exc: Exception) -> Any:
        response = super().handle_exception(exc)
        if isinstance(exc, SoldOut):
            # The sentence of another service, which its clients show.
            response.data["detail"] = "Estoque insuficiente"
        return response


class OrderView(ApiView):
    """An order, for its user and for those who manage the event, who mark it as paid."""

    serializer_class = PaidInput

    @extend_schema(responses={200: OrderData})
    def get(self, request: Any, pk: int) -> Response:
        own = own_orders(request.user).filter(pk=pk).first()
        return Response(order_data(own or _managed_order(pk, request.user)))

    @extend_schema(responses={200: OrderData})
    def patch(self, request: Any, pk: int) -> Response:
        _managed_order(pk, request.user)
        is_paid = valid(self.get_serializer(data=request.data))["paid"]
        return Response(order_data(mark_paid(order_pk=pk, is_paid=is_paid, at=timezone.now())))

    @extend_schema(responses={200: OrderData})
    def delete(self, request: Any, pk: int) -> Response:
        with missing_as_404():
            own = own_orders(request.user).get(pk=pk)
        if own.is_open:
            own = release_seats(event_pk=own.event_id, user=request.user, at=timezone.now())
        return Response(order_data(own))


def _ordered(order: Order) -> Response:
    return Response(order_data(order), 201 if order.state == Order.State.CONFIRMED else 202)


def _event(pk: int, user: Any) -> Any:
    with missing_as_404():
        return event_data(event_seen_by(user, pk))


def _managed(pk: int, user: Any) -> Event:
    with missing_as_404():
        return managed_event(pk, user)


def _managed_order(pk: int, user: Any) -> Order:
    with missing_as_404():
        return managed_order(pk, user)


def _slug(event: Event) -> str | None:
    return event.club.slug if event.club else None
