"""The Django project: settings, URLs, ASGI application, Celery application, launcher."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
