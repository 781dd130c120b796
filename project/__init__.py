"""The Django project: settings, URLs, ASGI application, Celery application, launcher.

Celery is loaded where Django is (CoreConfig.ready), not here: the launcher needs neither.
"""
