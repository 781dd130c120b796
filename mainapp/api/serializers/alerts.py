"""Alerts in both forms that CONTRACTS describes: ours, and that of other alert services."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.accounts.models import Preferences
from mainapp.alerts.conditions import KINDS
from mainapp.alerts.forms import MAX_COOLDOWN, MAX_FALL_PCT, MAX_LIMIT, MAX_RISE_PCT
from mainapp.alerts.models import ONE_DAY_MINUTES, Alert
from mainapp.alerts.selectors.alerts import STATUSES
from mainapp.alerts.services.alerts import FIELDS
from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Money, Ticker, TickerOfAmounts
from mainapp.market.selectors.successions import succession_notes

CENT = Decimal("0.01")
DEFAULTS: dict[str, Any] = {name: getattr(Alert(), name) for name in FIELDS if name != "ativo"}
SORTABLE = ("symbol", "created_at", "expires_at")


def limit(most: Decimal, digits: int = 14, **options: Any) -> Money:
    """Return the field of a limit, which may be absent or null."""
    fixed = {"required": False, "allow_null": True, "min_value": CENT, "max_value": most}
    return Money(max_digits=digits, **fixed | options)


class AlertQuery(serializers.Serializer):
    """Filter and order of the user's alerts."""

    symbol = Ticker(required=False)
    state = serializers.ChoiceField(choices=list(STATUSES), required=False)
    ordering = serializers.ChoiceField(
        choices=[f"{sign}{name}" for name in SORTABLE for sign in ("", "-")], default="symbol"
    )


class AlertInput(serializers.Serializer):
    """An alert: at least one of `compra`, `venda`, `change_up_pct` and `change_down_pct`.

    Or the second form: `symbol` (or `stock`) with `threshold_price` and `comparison` (`gt`: at or
    above, `lt`: at or below), or with `target_price` alone; of `duration` also `duration_minutes`.
    """

    ativo = TickerOfAmounts(required=False)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    compra = limit(MAX_LIMIT)
    venda = limit(MAX_LIMIT)
    change_up_pct = limit(MAX_RISE_PCT, 6)
    change_down_pct = limit(MAX_FALL_PCT, 6)
    periodo = serializers.ChoiceField(
        choices=Preferences.Period.choices, required=False, allow_null=True
    )
    duracao = serializers.IntegerField(min_value=1, max_value=365, required=False)
    hold_minutes = serializers.IntegerField(min_value=0, max_value=ONE_DAY_MINUTES, required=False)
    recurrence = serializers.ChoiceField(choices=Alert.Recurrence.choices, required=False)
    rearm_pct = Money(max_digits=5, min_value=Decimal(0), max_value=Decimal(50), required=False)
    cooldown_minutes = serializers.IntegerField(min_value=0, max_value=MAX_COOLDOWN, required=False)
    fires_if_beyond = serializers.BooleanField(required=False)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True)

    symbol = TickerOfAmounts(required=False)
    stock = TickerOfAmounts(required=False)
    alert_type = serializers.ChoiceField(choices=["threshold", "duration"], required=False)
    comparison = serializers.ChoiceField(choices=["gt", "lt"], required=False)
    threshold_price = limit(MAX_LIMIT, allow_null=False)
    target_price = limit(MAX_LIMIT, allow_null=False)
    duration_minutes = serializers.IntegerField(
        min_value=1, max_value=ONE_DAY_MINUTES, required=False
    )

    def validate_email(self, value: str) -> str:
        """Return an empty text for the account's address, so that the alert follows its changes."""
        return "" if value.lower() == self.context["request"].user.email.lower() else value

    def validate(self, attrs: Any) -> Any:
        fields = to_native(attrs, existing=self.instance)
        is_partial = self.partial and self.instance is not None
        before = {name: getattr(self.instance, name) for name in FIELDS} if is_partial else DEFAULTS
        effective = before | fields
        check_fields(effective, existing=self.instance)
        return fields if self.instance is None or is_partial else effective


def to_native(data: Mapping[str, Any], *, existing: Alert | None) -> dict[str, Any]:
    """Return the present `FIELDS`, the second form translated; our own fields take precedence."""
    fields: dict[str, Any] = {}
    for name in ("stock", "symbol"):
        if name in data:
            fields["ativo"] = data[name]
    if data.get("alert_type") == "threshold":
        fields["hold_minutes"] = 0
    elif data.get("alert_type") == "duration" and not _has_duration(data, existing):
        raise serializers.ValidationError({"duration_minutes": [_required()]})
    if "duration_minutes" in data:
        fields["hold_minutes"] = data["duration_minutes"]
    return fields | _limit_of(data, existing) | {n: data[n] for n in FIELDS if n in data}


def _has_duration(data: Mapping[str, Any], existing: Alert | None) -> bool:
    return bool(
        data.get("duration_minutes")
        or data.get("hold_minutes")
        or (existing and existing.hold_minutes)
    )


def _limit_of(data: Mapping[str, Any], existing: Alert | None) -> dict[str, Any]:
    """Return the limit for a price of the second form, and None for the opposite limit."""
    price = data.get("threshold_price", data.get("target_price"))
    side = data.get("comparison") or (_side(existing) if existing else None)
    if price is None and existing and "comparison" in data:
        price = existing.venda or existing.compra
    if price is None:
        return {}
    if side is None and "threshold_price" in data:
        raise serializers.ValidationError({"comparison": [_required()]})
    return {"compra": price, "venda": None} if side == "lt" else {"compra": None, "venda": price}


def _side(alert: Alert) -> str | None:
    """Return the comparison of an alert's price in the second form."""
    if alert.venda is not None:
        return "gt"
    return None if alert.compra is None else "lt"


def _required() -> str:
    return str(serializers.Field.default_error_messages["required"])


def check_fields(fields: Mapping[str, Any], *, existing: Alert | None) -> None:
    """Check conditions that involve several fields. Raises: ValidationError."""
    stock = fields.get("ativo")
    if stock is None:
        raise serializers.ValidationError({"ativo": [_required()]})
    if not stock.is_active and (existing is None or existing.ativo_id != stock.pk):
        raise serializers.ValidationError({"ativo": succession_notes([stock.symbol])})
    compra, venda = fields["compra"], fields["venda"]
    if compra is not None and venda is not None and compra >= venda:
        raise serializers.ValidationError({"venda": [_("A venda precisa ficar acima da compra.")]})
    if all(fields[kind] is None for kind in KINDS):
        raise serializers.ValidationError(
            _("Diga pelo menos um limite: compra, venda, alta ou queda.")
        )


class AlertData(serializers.Serializer):
    """An alert, in both forms at once."""

    id = serializers.IntegerField()
    ativo = serializers.CharField()
    email = serializers.CharField()
    compra = Money(allow_null=True)
    venda = Money(allow_null=True)
    change_up_pct = Money(allow_null=True)
    change_down_pct = Money(allow_null=True)
    periodo = serializers.IntegerField(allow_null=True)
    duracao = serializers.IntegerField()
    hold_minutes = serializers.IntegerField()
    recurrence = serializers.ChoiceField(choices=Alert.Recurrence.choices)
    rearm_pct = Money()
    cooldown_minutes = serializers.IntegerField()
    fires_if_beyond = serializers.BooleanField()
    note = serializers.CharField()
    state = serializers.ChoiceField(choices=list(STATUSES))
    pause_reason = serializers.CharField()
    simulated = serializers.BooleanField()
    created_at = Moment()
    expires_at = Moment()
    last_fired_at = Moment(allow_null=True)

    symbol = serializers.CharField()
    stock = serializers.CharField()
    alert_type = serializers.ChoiceField(choices=["threshold", "duration"])
    comparison = serializers.ChoiceField(choices=["gt", "lt"], allow_null=True)
    threshold_price = Money(allow_null=True)
    target_price = Money(allow_null=True)
    duration_minutes = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=["created", "triggered", "deleted"])


class FiringData(serializers.Serializer):
    """A firing of a condition: the quote, and the time when it was noticed."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=list(KINDS))
    limit = Money()
    price = Money()
    change_pct = Money(allow_null=True)
    quoted_at = Moment()
    quoted_at_estimated = serializers.BooleanField()
    source = serializers.CharField()
    delay_s = serializers.IntegerField()
    simulated = serializers.BooleanField()
    fired_at = Moment()


def alert_data(alert: Alert, *, at: datetime) -> Any:
    """Return an alert in the form of `AlertData`."""
    price = alert.compra if alert.venda is None else alert.venda
    symbol = alert.ativo.symbol
    own = ("simulated", "created_at", "expires_at", "last_fired_at", "pause_reason")
    data = {name: getattr(alert, name) for name in (*FIELDS, *own)} | {
        "id": alert.pk,
        "ativo": symbol,
        "state": "expired" if alert.is_expired(at) else alert.status,
        "symbol": symbol,
        "stock": symbol,
        "alert_type": "duration" if alert.hold_minutes else "threshold",
        "comparison": _side(alert),
        "threshold_price": price,
        "target_price": price,
        "duration_minutes": alert.hold_minutes or None,
        "status": "triggered" if alert.status == Alert.Status.TRIGGERED else "created",
    }
    return AlertData(data).data
