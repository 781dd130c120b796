"""Translation of an alert from the forms of other alert services into our own."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.alerts.models import Alert
from mainapp.alerts.services.alerts import FIELDS

STOCK_NAMES = ("symbol", "stock", "stock_symbol", "item")
PRICES = ("threshold_price", "target_price")
# The fields of the second form, and the fields of ours that they decide.
GROUPS = (
    (STOCK_NAMES, ("ativo",)),
    (("comparison", *PRICES), ("compra", "venda")),
    (("alert_type", "duration_minutes"), ("hold_minutes",)),
)
_Data = Mapping[str, Any]


def to_native(data: _Data, *, changed: Collection[str], existing: Alert | None) -> dict[str, Any]:
    """Return the present `FIELDS`, the second form translated.

    `changed` are the names whose values differ from the existing alert's: clients send a whole
    alert back, in both forms, and change one of them. Of two changed forms, ours takes precedence.
    """
    second = _stock_of(data, changed) | _limit_of(data, changed, existing)
    second |= _hold_of(data, existing)
    fields = second | {name: data[name] for name in FIELDS if name in data}
    for names, targets in GROUPS:
        if set(names) & set(changed) and not set(targets) & set(changed):
            fields |= {name: second[name] for name in targets if name in second}
    return fields


def side_of(alert: Alert) -> str | None:
    """Return the comparison of an alert's price in the second form."""
    if alert.venda is not None:
        return "gt"
    return None if alert.compra is None else "lt"


def required() -> str:
    return str(serializers.Field.default_error_messages["required"])


def _stock_of(data: _Data, changed: Collection[str]) -> dict[str, Any]:
    stock = _agreed(data, STOCK_NAMES, changed)
    return {} if stock is None else {"ativo": stock}


def _agreed(data: _Data, names: Collection[str], changed: Collection[str]) -> Any:
    """Return the value that the changed ones of several names for one thing have, or else any.

    Raises: ValidationError if they differ.
    """
    present = [name for name in names if data.get(name) is not None]
    relevant = [name for name in present if name in changed] or present
    for name in relevant[1:]:
        if data[name] != data[relevant[0]]:
            message = _("Difere de %(name)s.") % {"name": relevant[0]}
            raise serializers.ValidationError({name: [message]})
    return data[relevant[0]] if relevant else None


def _limit_of(data: _Data, changed: Collection[str], existing: Alert | None) -> dict[str, Any]:
    """Return the limit for a price of the second form, and None for the opposite limit."""
    for name in PRICES:
        if existing and name in changed and data[name] is None:
            null = serializers.Field.default_error_messages["null"]
            raise serializers.ValidationError({name: [str(null)]})
    price = _agreed(data, PRICES, changed)
    side = data.get("comparison") or (side_of(existing) if existing else None)
    if price is None and existing and data.get("comparison"):
        price = existing.venda or existing.compra
    if price is None:
        return {}
    if side is None and data.get("threshold_price") is not None:
        raise serializers.ValidationError({"comparison": [required()]})
    return {"compra": price, "venda": None} if side == "lt" else {"compra": None, "venda": price}


def _hold_of(data: _Data, existing: Alert | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if data.get("alert_type") == "threshold":
        fields["hold_minutes"] = 0
    elif data.get("alert_type") == "duration" and not _has_duration(data, existing):
        raise serializers.ValidationError({"duration_minutes": [required()]})
    if "duration_minutes" in data and not (fields and data["duration_minutes"] is None):
        fields["hold_minutes"] = data["duration_minutes"] or 0
    return fields


def _has_duration(data: _Data, existing: Alert | None) -> bool:
    if "duration_minutes" in data and "hold_minutes" not in data:
        return bool(data["duration_minutes"])
    return bool(data.get("hold_minutes") or (existing and existing.hold_minutes))
