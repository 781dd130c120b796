"""The processes of `make run` that share one preloaded application.

The launcher imports the application once and forks web, worker and beat from itself. Three separate
processes took 88 + 104 + 99 MB, most of it the same imported code.
"""

import gc
import importlib
import os
import socket
import sys
import warnings

import django
from celery.bin.base import CLIContext
from celery.bin.beat import beat
from celery.bin.worker import worker
from celery.platforms import SecurityWarning  # type: ignore[attr-defined] # not in celery-types
from django.db import connections

from project.celery import app
from project.fork import libc

# Loaded by Celery, Django and uvicorn at their first use: each fork would load its own copy.
SHARED = (
    *("celery.app.events", "celery.app.log", "celery.apps.beat", "celery.apps.worker"),
    *("celery.backends.redis", "celery.concurrency.thread", "celery.contrib.django.task"),
    *("celery.worker.autoscale", "celery.worker.components", "celery.worker.consumer"),
    *("celery.worker.consumer.delayed_delivery", "celery.worker.strategy"),
    *("kombu.mixins", "kombu.transport.redis"),
    *("django.core.cache.backends.redis", "django.db.models.sql.compiler"),
    *("uvicorn.lifespan.on", "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl"),
    *("project.asgi", "project.broker", "project.scheduler", "project.serve", "project.urls"),
)

M_ARENA_MAX = -8  # of mallopt(3)
ARENAS = 2


def preload() -> None:
    """Import what the processes share. Starts no thread and leaves no connection open."""
    libc.mallopt(M_ARENA_MAX, ARENAS)
    django.setup()
    for module in SHARED:
        importlib.import_module(module)
    app.loader.import_default_modules()
    app.finalize()
    connections.close_all()
    gc.collect()
    # A collection writes into every object that it visits, and a written page is shared no more.
    gc.freeze()
    libc.malloc_trim(0)


def run_web(listener: socket.socket) -> None:
    """Run the web server on `listener`."""
    from project import serve  # noqa: PLC0415 - after the settings are known

    serve.serve(listener)


def run_celery(command: str, listener: socket.socket) -> None:
    """Run `-m celery …` with a worker or beat; `listener` is the web server's and closed.

    Past Celery's own command line, which imports a shell with completion (8 MB), and without
    Django's system checks, which import every template library; `setup` has run them.
    """
    listener.close()
    # Celery warns that tasks run as root. With `make run` as root everything does.
    warnings.simplefilter("ignore", SecurityWarning)
    os.environ["CELERY_SKIP_CHECKS"] = "1"
    sys.argv = command.split()[1:]  # what Celery executes again after a SIGHUP
    name, *arguments = command.partition("-A project ")[2].split()
    commands = {"worker": worker, "beat": beat}
    commands[name].main(arguments, obj=CLIContext(app, no_color=False, workdir=None, quiet=True))
