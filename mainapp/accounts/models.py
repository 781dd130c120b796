"""The user."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person with an account; the username is what others see."""
