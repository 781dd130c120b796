"""The alerts that members of a club share."""

from typing import Any

from rest_framework import serializers

from mainapp.alerts.selectors.alerts import STATUSES
from mainapp.alerts.selectors.shared import SharedRow
from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Money, Price, Strict
from mainapp.api.serializers.forum import Person
from mainapp.core.paths import MAX_KEY
from mainapp.forum.selectors.messages import person_of


class ShareAlertInput(Strict):
    """The id of one of the user's alerts."""

    alert = serializers.IntegerField(min_value=1, max_value=MAX_KEY)


class SharedAlertData(serializers.Serializer):
    """An alert in a club: its limits, its owner, and whether the user receives it."""

    id = serializers.IntegerField()
    symbol = serializers.CharField()
    owner = Person()
    compra = Price(allow_null=True)
    venda = Price(allow_null=True)
    change_up_pct = Money(allow_null=True)
    change_down_pct = Money(allow_null=True)
    status = serializers.ChoiceField(choices=list(STATUSES))
    receiving = serializers.BooleanField()
    receivers = serializers.IntegerField()
    shared_at = Moment()
    expires_at = Moment()


def shared_alert_data(shared: SharedRow) -> Any:
    alert = shared.shared.alert
    kinds = ("compra", "venda", "change_up_pct", "change_down_pct")
    return SharedAlertData(
        {
            "id": shared.shared.pk,
            "symbol": alert.ativo.symbol,
            "owner": person_of(alert.owner),
            **{kind: getattr(alert, kind) for kind in kinds},
            "status": shared.row.status,
            "receiving": shared.is_received,
            "receivers": shared.receivers,
            "shared_at": shared.shared.shared_at,
            "expires_at": alert.expires_at,
        }
    ).data
