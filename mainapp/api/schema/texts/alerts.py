"""Alerts and their firings."""

from collections.abc import Mapping

from mainapp.api.schema.texts.text import Text

_ALERT = {"symbol": "PETR4", "comparison": "gt", "threshold_price": "40.00", "note": "meta"}
_ALERT_ANSWER = {
    "compra": None,
    "venda": "40.00",
    "change_up_pct": None,
    "change_down_pct": None,
    "threshold_price": "40.00",
    "target_price": "40.00",
    "comparison": "gt",
    "periodo": None,
    "cooldown_minutes": 0,
    "is_active": True,
    "hold_minutes": 0,
    "duration_minutes": None,
    "note": "meta",
    "last_fired_at": None,
    "pause_reason": "",
}
_CREATE_ALERT = (
    "At least one of `compra` (at or below), `venda` (at or above), `change_up_pct` and "
    "`change_down_pct`; or the second form, with `symbol`, `comparison` and `threshold_price`. "
    "`is_active: false` creates it paused. Another e-mail than the account's gets a link to "
    "confirm it."
)
_SWITCH = (
    " `is_active` pauses and resumes; on a triggered or expired alert `true` starts it again, and "
    "on one that a split paused it is refused (`paused_by_event`). A field with its current value "
    "is accepted, so that a whole alert can be sent back."
)
TEXTS: Mapping[tuple[str, str], Text] = {
    ("get", "alerts/"): Text(
        summary="List the alerts",
        description="The user's alerts in both forms, filtered by stock and state.",
        answer=_ALERT_ANSWER,
    ),
    ("post", "alerts/"): Text(
        summary="Create an alert",
        description=_CREATE_ALERT,
        body=_ALERT,
        answer=_ALERT_ANSWER,
        errors=("limit_reached",),
    ),
    ("post", "alerts/create/"): Text(
        summary="Create an alert (synonym)",
        description=f"The same as `POST alerts/`. {_CREATE_ALERT}",
        body={"ativo": "PETR4", "compra": "36.00", "periodo": 5, "duracao": 30},
        answer=_ALERT_ANSWER
        | {"compra": "36.00", "venda": None, "comparison": "lt", "periodo": 5, "note": ""}
        | {"threshold_price": "36.00", "target_price": "36.00"},
        errors=("limit_reached",),
    ),
    ("get", "alerts/{id}/"): Text(
        summary="Read an alert",
        description="One of the user's alerts, in both forms.",
        answer=_ALERT_ANSWER,
    ),
    ("put", "alerts/{id}/"): Text(
        summary="Replace an alert",
        description=f"Absent fields get their defaults; changed limits are armed again.{_SWITCH}",
        body=_ALERT,
        answer=_ALERT_ANSWER,
        errors=("paused_by_event",),
    ),
    ("patch", "alerts/{id}/"): Text(
        summary="Change an alert",
        description=f"Absent fields stay; changed limits are armed again.{_SWITCH}",
        body={"is_active": False},
        answer=_ALERT_ANSWER | {"is_active": False, "state": "paused"},
        errors=("paused_by_event",),
    ),
    ("delete", "alerts/{id}/"): Text(
        summary="Delete an alert",
        description="Delete an alert with its firings.",
    ),
    ("delete", "alerts/delete/{id}/"): Text(
        summary="Delete an alert (synonym)",
        description="The same as `DELETE alerts/{id}/`.",
    ),
    ("get", "alerts/{id}/firings/"): Text(
        summary="List an alert's firings",
        description="The firings of an alert, the newest first.",
        answer={"kind": "venda", "limit": "40.00", "price": "40.02"},
    ),
    ("post", "alerts/{id}/pause/"): Text(
        summary="Pause an alert",
        description="Pause an active alert; one in another state stays as it is. Safe to repeat.",
        answer=_ALERT_ANSWER | {"is_active": False, "state": "paused"},
    ),
    ("post", "alerts/{id}/resume/"): Text(
        summary="Resume an alert",
        description=(
            "Make a paused, triggered or expired alert active again, with a new duration; also one "
            "that a split paused, whose limits the caller has checked."
        ),
        answer=_ALERT_ANSWER,
    ),
    ("post", "alerts/delete_all/"): Text(
        summary="Delete all alerts (synonym)",
        description="The same as `DELETE alerts/delete_all/`.",
    ),
    ("delete", "alerts/delete_all/"): Text(
        summary="Delete all alerts",
        description="Delete all of the user's alerts and return their number.",
    ),
}
