"""Clubs, their members and invitations, and the base of everything that can belong to a club."""

from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mainapp.core.audit import Audited, AuditedModel, AuditedQuerySet
from mainapp.core.models import Plan

M = TypeVar("M", bound=models.Model)


class ClubQuerySet(AuditedQuerySet["Club"]):
    def visible_to(self, user: Any) -> "ClubQuerySet":
        """Return the clubs of which a user, possibly anonymous, is a member."""
        if user.pk is None:
            return self.none()
        own = ClubMember.objects.filter(club=OuterRef("pk"), user=user.pk)
        return self.filter(Exists(own), archived_at=None)


class Club(AuditedModel):
    """A club, which exists for its members only.

    A deleted club is archived: nobody sees it, and it is removed after 30 days.
    """

    audit = Audited(
        shown="archived_at plan",
        hidden="name slug description filtered_words picture_key picture_pending",
        ignored="created_at",
    )

    name = models.CharField(_("nome"), max_length=60)
    slug = models.SlugField(max_length=60, unique=True)
    description = models.TextField(_("descrição"), max_length=1000, blank=True)
    # As for users: the folder of the thumbnails, and the folder of an upload without any yet.
    picture_key = models.CharField(max_length=22, blank=True, editable=False)
    picture_pending = models.CharField(max_length=22, blank=True, editable=False)
    # Words that texts of the club may not contain, one per line.
    filtered_words = models.TextField(_("palavras barradas"), max_length=2000, blank=True)
    # The plan of its quotas; empty: the default plan.
    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="clubs",
        verbose_name=_("plano"),
    )
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ClubQuerySet.as_manager()  # type: ignore[misc] # as in User

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return f"club {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("club", args=[self.slug])


class ClubMember(AuditedModel):
    """A member of a club, at most once in each. The row is deleted when they leave.

    `is_chosen`: new ideas, events and rooms of this user are offered for this club first.
    """

    audit = Audited(
        shown="club user role shares_portfolio", ignored="joined_at is_chosen", owner="user"
    )

    class Role(models.TextChoices):
        OWNER = "owner", _("dono")
        MANAGER = "manager", _("gestor")
        MEMBER = "member", _("membro")

    club = models.ForeignKey(Club, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("papel"), max_length=7, choices=Role, default=Role.MEMBER)
    # The member's consent: the club sees the percents of their carteira, never amounts.
    shares_portfolio = models.BooleanField(_("mostrar a carteira em percentuais"), default=False)
    is_chosen = models.BooleanField(default=False, editable=False)
    joined_at = models.DateTimeField()

    class Meta:
        ordering = ["joined_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["club", "user"], name="one_membership_a_club"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_chosen=True), name="one_chosen_club"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id} of {self.club_id}"

    @property
    def manages(self) -> bool:
        """Whether the member is an owner or a manager."""
        return self.role != self.Role.MEMBER


class RemovedMember(models.Model):
    """The last removal of a member by a manager, which voids older invitations for this user."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="removed_members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    removed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "user"], name="one_removal_a_member")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} removed from {self.club_id}"


class Invitation(AuditedModel):
    """A link by which people join a club. `key` is secret; `uses` counts the people who joined."""

    audit = Audited(
        shown="club created_by expires_at max_uses revoked_at",
        hidden="key",
        ignored="uses created_at",
        owner="created_by",
    )

    club = models.ForeignKey(Club, models.CASCADE, related_name="invitations")
    key = models.CharField(max_length=32, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(_("usos"), default=1)
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class ClubScopedQuerySet(AuditedQuerySet[M]):
    """Rows of a ClubScoped model. Every list, page, frame and task has to read `visible_to`."""

    def visible_to(self, user: Any) -> "ClubScopedQuerySet[M]":
        """Return the public rows, and those of the clubs of a user, who may be anonymous."""
        if user.pk is None:
            return self.filter(club=None)
        own = ClubMember.objects.filter(club=OuterRef("club"), user=user.pk, club__archived_at=None)
        return self.filter(Q(club=None) | Exists(own))

    def public(self) -> "ClubScopedQuerySet[M]":
        return self.filter(club=None)


class ClubScoped(models.Model):
    """Base of rows that belong to a club, and are visible to its members, or else are public.

    Models of features that clubs are built on have an audience key instead, such as `club:3`.
    """

    club = models.ForeignKey(
        Club,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("clube"),
    )

    class Meta:
        abstract = True
