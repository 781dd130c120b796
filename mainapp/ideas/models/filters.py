"""Saved filters of the list of ideas."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """A query of the list of ideas that a user saved under a name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="idea_filters")
    name = models.CharField(_("nome"), max_length=40)
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_idea_filter_a_name")
        ]

    def __str__(self) -> str:
        return f"filter {self.pk}"
