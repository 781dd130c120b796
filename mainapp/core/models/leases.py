"""Fencing numbers of leases."""

from django.db import models


class Fence(models.Model):
    """The number of the newest holder of a lease; work of earlier holders is refused."""

    role = models.CharField(max_length=20, unique=True)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.role} {self.number}"
