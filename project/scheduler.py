"""A beat scheduler that reads the database and leaves a sign of life for /readyz."""

from django_celery_beat.schedulers import DatabaseScheduler


class Scheduler(DatabaseScheduler):  # type: ignore[misc] # django-celery-beat has no types
    """The database scheduler."""
