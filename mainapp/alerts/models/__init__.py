"""Rows of alerts, their firings, and what members of clubs share."""

from mainapp.alerts.models.alerts import ONE_DAY_MINUTES, Alert, Condition, Doubt, Firing
from mainapp.alerts.models.shared import AlertSubscription, SharedAlert

__all__ = [
    "ONE_DAY_MINUTES",
    "Alert",
    "AlertSubscription",
    "Condition",
    "Doubt",
    "Firing",
    "SharedAlert",
]
