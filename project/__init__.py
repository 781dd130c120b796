"""The Django project: settings, URLs, ASGI application, Celery application, launcher.

Celery is loaded where Django is (CoreConfig.ready), not here: the launcher needs neither.
"""

import os

# Before any other module: some read a setting while they are imported.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
