"""Alerts in both forms that CONTRACTS describes: ours, and that of other alert services."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.accounts.models import Preferences
from mainapp.alerts.conditions import KINDS
from mainapp.alerts.forms import (
    LEAST_PRICE,
    LIMIT_DIGITS,
    MAX_COOLDOWN,
    MAX_FALL_PCT,
    MAX_LIMIT,
    MAX_RISE_PCT,
    check_places,
)
from mainapp.alerts.models import ONE_DAY_MINUTES, Alert, Firing
from mainapp.alerts.selectors.alerts import STATUSES
from mainapp.alerts.services.alerts import FIELDS
from mainapp.api.formats import Moment
from mainapp.api.serializers.alert_forms import STOCK_NAMES, required, side_of, to_native
from mainapp.api.serializers.common import Money, Price, Strict, Ticker, TickerOfAmounts
from mainapp.market.kinds import QUOTE_KINDS
from mainapp.market.selectors.successions import succession_notes

CENT = Decimal("0.01")
DEFAULTS: dict[str, Any] = {name: getattr(Alert(), name) for name in FIELDS if name != "ativo"}
SORTABLE = ("symbol", "created_at", "expires_at")


def limit(most: Decimal, digits: int = 14, **options: Any) -> Money:
    """Return the field of a limit, which may be absent or null."""
    fixed = {"required": False, "allow_null": True, "min_value": CENT, "max_value": most}
    return Money(max_digits=digits, **fixed | options)


def price_limit() -> Price:
    """Return the field of a price limit, which may be absent or null."""
    return Price(
        max_digits=LIMIT_DIGITS,
        required=False,
        allow_null=True,
        min_value=LEAST_PRICE,
        max_value=MAX_LIMIT,
    )


class AlertQuery(serializers.Serializer):
    """Filter and order of the user's alerts."""

    symbol = Ticker(required=False)
    state = serializers.ChoiceField(choices=list(STATUSES), required=False)
    ordering = serializers.ChoiceField(
        choices=[f"{sign}{name}" for name in SORTABLE for sign in ("", "-")], default="symbol"
    )


class AlertInput(Strict):
    """An alert: at least one of `compra`, `venda`, `change_up_pct` and `change_down_pct`.

    Or the second form: `symbol` (or `stock`, `stock_symbol`, `item`) with `threshold_price` and
    `comparison` (`gt`: at or above, `lt`: at or below), or with `target_price` alone; of `duration`
    also `duration_minutes`. `is_active` pauses and resumes; a spent or expired alert starts again.
    """

    ativo = TickerOfAmounts(required=False)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    compra = price_limit()
    venda = price_limit()
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
    stock_symbol = TickerOfAmounts(required=False)
    item = TickerOfAmounts(required=False)
    alert_type = serializers.ChoiceField(choices=["threshold", "duration"], required=False)
    comparison = serializers.ChoiceField(choices=["gt", "lt"], required=False, allow_null=True)
    threshold_price = price_limit()
    target_price = price_limit()
    duration_minutes = serializers.IntegerField(
        min_value=1, max_value=ONE_DAY_MINUTES, required=False, allow_null=True
    )
    is_active = serializers.BooleanField(required=False)

    def current_values(self) -> Mapping[str, Any]:
        return alert_data(self.instance, at=timezone.now()) if self.instance else {}

    def to_internal_value(self, data: Any) -> Any:
        values: dict[str, Any] = super().to_internal_value(data)
        current = self.current_values()
        self.changed = {n for n in values if n not in current or current[n] != data[n]}
        return values

    def validate_email(self, value: str) -> str:
        """Return an empty text for the account's address, so that the alert follows its changes."""
        return "" if value.lower() == self.context["request"].user.email.lower() else value

    def validate(self, attrs: Any) -> Any:
        fields = to_native(attrs, changed=self.changed, existing=self.instance)
        is_partial = self.partial and self.instance is not None
        before = {name: getattr(self.instance, name) for name in FIELDS} if is_partial else DEFAULTS
        effective = before | fields
        check_fields(effective, existing=self.instance)
        switch = {name: attrs[name] for name in ("is_active",) if name in attrs}
        return (fields if self.instance is None or is_partial else effective) | switch


def check_fields(fields: Mapping[str, Any], *, existing: Alert | None) -> None:
    """Check conditions that involve several fields. Raises: ValidationError."""
    stock = fields.get("ativo")
    if stock is None:
        raise serializers.ValidationError({"ativo": [required()]})
    if not stock.is_active and (existing is None or existing.ativo_id != stock.pk):
        raise serializers.ValidationError({"ativo": succession_notes([stock.symbol])})
    compra, venda = fields["compra"], fields["venda"]
    for kind, price in (("compra", compra), ("venda", venda)):
        try:
            check_places(price, stock)
        except ValidationError as error:
            raise serializers.ValidationError({kind: error.messages}) from error
    if compra is not None and venda is not None and compra >= venda:
        text = _("“Subir até” precisa ficar acima de “Cair até”.")
        raise serializers.ValidationError({"venda": [text]})
    if all(fields[kind] is None for kind in KINDS):
        raise serializers.ValidationError(_("Diga pelo menos um limite."))


class AlertData(serializers.Serializer):
    """An alert, in both forms at once."""

    id = serializers.IntegerField()
    ativo = serializers.CharField()
    email = serializers.CharField()
    compra = Price(allow_null=True)
    venda = Price(allow_null=True)
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
    quote_kind = serializers.ChoiceField(choices=list(QUOTE_KINDS))
    simulated = serializers.BooleanField()
    created_at = Moment()
    expires_at = Moment()
    last_fired_at = Moment(allow_null=True)

    symbol = serializers.CharField()
    stock = serializers.CharField()
    stock_symbol = serializers.CharField()
    item = serializers.CharField()
    alert_type = serializers.ChoiceField(choices=["threshold", "duration"])
    comparison = serializers.ChoiceField(choices=["gt", "lt"], allow_null=True)
    threshold_price = Price(allow_null=True)
    target_price = Price(allow_null=True)
    duration_minutes = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=["created", "triggered", "deleted"])
    is_active = serializers.BooleanField()


class FiringData(serializers.Serializer):
    """A firing of a condition: the quote, and the time when it was noticed."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=list(KINDS))
    limit = Price(source="written_limit")
    price = Price(source="written_price")
    change_pct = Money(allow_null=True)
    quoted_at = Moment()
    quoted_at_estimated = serializers.BooleanField()
    source = serializers.CharField()
    delay_s = serializers.IntegerField()
    quote_kind = serializers.ChoiceField(choices=list(QUOTE_KINDS))
    simulated = serializers.SerializerMethodField()
    fired_at = Moment()

    def get_simulated(self, firing: Firing) -> bool:
        return bool(firing.quote_kind != "real")


def alert_data(alert: Alert, *, at: datetime) -> Any:
    """Return an alert in the form of `AlertData`."""
    limits: dict[str, Decimal] = {str(kind): limit for kind, limit in alert.limits().items()}
    price = limits.get("venda", limits.get("compra"))
    symbol = alert.ativo.symbol
    own = ("quote_kind", "created_at", "expires_at", "last_fired_at", "pause_reason")
    state = "expired" if alert.is_expired(at) else alert.status
    data = (
        {name: getattr(alert, name) for name in (*FIELDS, *own)}
        | limits
        | {
            "id": alert.pk,
            "ativo": symbol,
            "state": state,
            "simulated": alert.quote_kind != "real",
            **dict.fromkeys(STOCK_NAMES, symbol),
            "alert_type": "duration" if alert.hold_minutes else "threshold",
            "comparison": side_of(alert),
            "threshold_price": price,
            "target_price": price,
            "duration_minutes": alert.hold_minutes or None,
            "status": "triggered" if alert.status == Alert.Status.TRIGGERED else "created",
            "is_active": state == Alert.Status.ACTIVE,
        }
    )
    return AlertData(data).data
