"""Signal receivers: hints to open pages and workers after a commit, a worker's shutdown, log-outs.

A device gets notifications while its log-in lasts: a log-out, a new password and a deactivation
remove it, so that a lost phone shows nothing more.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import Any

from allauth.account.signals import password_changed, password_reset
from celery.signals import worker_shutting_down
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_save

from mainapp.accounts.models import User
from mainapp.notifications.policies import DEVICE
from mainapp.notifications.services.delivering import stopping
from mainapp.notifications.services.devices import remove_device, remove_devices
from mainapp.notifications.signals import rows_written
from mainapp.notifications.tasks import send_hints


def hint_after_commit(users: list[int] | None, has_deliveries: bool, **_kwargs: Any) -> None:
    """Send the hints from a separate thread, so that no request waits for Redis.

    The duration of a request must also not reveal whether it wrote a message.
    """

    def send() -> None:
        # With the request id, so that the task has it too.
        _hinter().submit(copy_context().run, send_hints, users, has_deliveries)

    transaction.on_commit(send)


@cache
def _hinter() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hints")


def stop_claiming(**_kwargs: Any) -> None:
    stopping.set()


def forget_device(request: Any, user: User | None, **_kwargs: Any) -> None:
    if user is not None and request is not None:
        remove_device(user=user, pk=request.session.get(DEVICE))


def forget_other_devices(request: Any, user: User, **_kwargs: Any) -> None:
    remove_devices(user=user, except_pk=request.session.get(DEVICE))


def forget_devices_of_inactive_user(instance: User, **_kwargs: Any) -> None:
    if not instance.is_active:
        remove_devices(user=instance)


# Threads do not survive a fork: the pool's copy in a Celery child would queue hints forever.
os.register_at_fork(after_in_child=_hinter.cache_clear)
rows_written.connect(hint_after_commit)
worker_shutting_down.connect(stop_claiming)
user_logged_out.connect(forget_device)
password_changed.connect(forget_other_devices)
password_reset.connect(forget_other_devices)
post_save.connect(forget_devices_of_inactive_user, sender=User)
