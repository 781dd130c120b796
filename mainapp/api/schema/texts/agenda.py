"""Events, courses and orders."""

from collections.abc import Mapping

from mainapp.api.schema.texts.text import Text

_EVENT = {
    "kind": "course",
    "title": "Análise de balanços",
    "starts_at": "2026-11-10T19:00",
    "ends_at": "2026-11-10T21:00",
    "time_zone": "America/Sao_Paulo",
    "seats": 20,
    "price": "50.00",
    "tags": ["balanços"],
}
_EVENT_ANSWER = {
    "kind": "course",
    "title": "Análise de balanços",
    "starts_at": "2026-11-10T22:00:00.000Z",
    "ends_at": "2026-11-11T00:00:00.000Z",
    "wall_start": "2026-11-10T19:00",
    "wall_end": "2026-11-10T21:00",
    "time_zone": "America/Sao_Paulo",
    "place": "",
    "link": "",
    "club": None,
    "tags": [{"id": 3, "name": "balanços"}],
    "price": "50.00",
    "seats": 20,
    "taken": 0,
    "free_seats": 20,
    "state": "active",
    "order_state": None,
}
_ORDER_ANSWER = {
    "title": "Análise de balanços",
    "state": "confirmed",
    "price": "50.00",
    "total": "50.00",
    "closed_at": None,
}
_ORDER_ERRORS = ("sold_out", "already_enrolled", "closed", "suspended")
_LIST = (
    "The public events and those of the user's clubs; `club` narrows to one of them, and any other "
    "value to the public ones. `tags` are ids or names, any of which matches."
)
_CREATE = (
    "A public event, of which a user makes a limited number a day, or one of a club that the user "
    "manages."
)
TEXTS: Mapping[tuple[str, str], Text] = {
    ("get", "events/"): Text(summary="List the events", description=_LIST, answer=_EVENT_ANSWER),
    ("post", "events/"): Text(
        summary="Create an event",
        description=_CREATE,
        body=_EVENT,
        answer=_EVENT_ANSWER,
        errors=("suspended",),
    ),
    ("get", "courses/"): Text(
        summary="List the courses",
        description=f"The events of the kind `course`. {_LIST}",
        answer=_EVENT_ANSWER,
    ),
    ("post", "courses/"): Text(
        summary="Create a course",
        description=f"An event of the kind `course`. {_CREATE}",
        body={name: value for name, value in _EVENT.items() if name != "kind"},
        answer=_EVENT_ANSWER,
        errors=("suspended",),
    ),
    ("get", "events/{id}/"): Text(
        summary="Read an event",
        description="One event that the user may see.",
        answer=_EVENT_ANSWER,
    ),
    ("patch", "events/{id}/"): Text(
        summary="Change an event",
        description=(
            "For those who manage the event. Absent fields stay. More seats go to the waiting "
            "list; people with seats are told of another time or place."
        ),
        body={"seats": 30},
        answer=_EVENT_ANSWER | {"seats": 30, "free_seats": 30},
        errors=("closed", "suspended"),
    ),
    ("delete", "events/{id}/"): Text(
        summary="Cancel an event",
        description="Cancel an event and its orders, and notify their users. Safe to repeat.",
        answer=_EVENT_ANSWER | {"state": "cancelled"},
        errors=("closed", "suspended"),
    ),
    ("post", "events/{id}/enrol/"): Text(
        summary="Order seats",
        description=(
            "201 with the order, or with `wait` 202 and a place on the waiting list if the seats "
            "are not left."
        ),
        body={"seats": 1, "wait": True},
        answer=_ORDER_ANSWER,
        errors=_ORDER_ERRORS,
    ),
    ("delete", "events/{id}/enrol/"): Text(
        summary="Give seats back",
        description="Give back the user's seats, which go to the waiting list, or leave that list.",
        answer=_ORDER_ANSWER | {"state": "cancelled"},
        errors=("closed",),
    ),
    ("get", "events/{id}/orders/"): Text(
        summary="List an event's orders",
        description="For those who manage the event: confirmed orders, the waiting list, the rest.",
        answer=_ORDER_ANSWER,
    ),
    ("get", "orders/"): Text(
        summary="List the user's orders",
        description="The user's orders, the newest first.",
        answer=_ORDER_ANSWER,
    ),
    ("post", "orders/"): Text(
        summary="Order seats (synonym)",
        description=(
            "The same as `POST events/{id}/enrol/` for the event `product_id`. The error "
            "`sold_out` also has a `detail`."
        ),
        body={"product_id": 1, "quantity": 1},
        answer=_ORDER_ANSWER,
        errors=_ORDER_ERRORS,
    ),
    ("get", "orders/{id}/"): Text(
        summary="Read an order",
        description="An order of the user, or of an event that the user manages.",
        answer=_ORDER_ANSWER,
    ),
    ("patch", "orders/{id}/"): Text(
        summary="Mark an order as paid",
        description=(
            "For those who manage the event. `false` on a cancelled order records that the money "
            "was returned."
        ),
        body={"paid": True},
        answer=_ORDER_ANSWER | {"paid": True},
    ),
    ("delete", "orders/{id}/"): Text(
        summary="Give an order back",
        description="Give back the seats of one of the user's orders. Safe to repeat.",
        answer=_ORDER_ANSWER | {"state": "cancelled"},
        errors=("closed",),
    ),
}
