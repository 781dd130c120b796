"""Alerts that their owners share with a club, and the members who receive them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from mainapp.accounts.models import Block
from mainapp.alerts.models.alerts import Alert
from mainapp.clubs.models import ClubMember, ClubScoped, ClubScopedQuerySet


class SharedAlertQuerySet(ClubScopedQuerySet["SharedAlert"]):
    def visible_to(self, user: Any) -> "SharedAlertQuerySet":
        """Return the alerts shared with the clubs of a user by members of the same club."""
        return self._by_members().filter(Exists(_members(user=user.pk, club=OuterRef("club"))))

    def _by_members(self) -> "SharedAlertQuerySet":
        return self.filter(Exists(_members(user=OuterRef("alert__owner"), club=OuterRef("club"))))


class SharedAlert(ClubScoped):
    """An alert that the members of a club see and may receive, shared with one club at most.

    It stays its owner's, who alone changes it; its address and note are not shown to the club.
    """

    alert = models.OneToOneField(Alert, models.CASCADE, related_name="shared")
    shared_at = models.DateTimeField()

    objects = SharedAlertQuerySet.as_manager()

    class Meta:
        ordering = ["alert__ativo__symbol", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(club__isnull=False), name="shared_with_a_club")
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id} in club {self.club_id}"


class AlertSubscriptionQuerySet(models.QuerySet["AlertSubscription"]):
    def valid(self) -> "AlertSubscriptionQuerySet":
        """Return the subscriptions of active members to alerts of members, without blocks."""
        club = OuterRef("shared__club")
        owner = OuterRef("shared__alert__owner")
        blocks = Block.objects.filter(
            Q(blocker=OuterRef("user"), blocked=owner) | Q(blocker=owner, blocked=OuterRef("user"))
        )
        return self.filter(
            Exists(_members(user=OuterRef("user"), club=club)),
            Exists(_members(user=owner, club=club)),
            ~Exists(blocks),
            user__is_active=True,
        ).exclude(user=F("shared__alert__owner"))


class AlertSubscription(models.Model):
    """A member who gets a notification whenever a shared alert fires."""

    shared = models.ForeignKey(SharedAlert, models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="alert_subscriptions"
    )
    created_at = models.DateTimeField()

    objects = AlertSubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["shared", "user"], name="one_subscription_an_alert")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} receives {self.shared_id}"


def _members(*, user: Any, club: Any) -> models.QuerySet[ClubMember]:
    return ClubMember.objects.filter(user=user, club=club, club__archived_at=None)
