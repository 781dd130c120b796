"""Web, worker and beat of `make run`, forked from one preloaded application.

The launcher imports the application once and forks the processes from itself. Three separate
processes needed 88 + 104 + 99 MB, most of it for the same imported code.
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
from django.core.management import call_command
from django.db import connections

from project.celery import app
from project.fork import libc

# Celery, Django and uvicorn import these at first use: each fork would import its own copy.
SHARED = (
    *("celery.app.events", "celery.app.log", "celery.apps.beat", "celery.apps.worker"),
    *("celery.backends.redis", "celery.concurrency.thread", "celery.contrib.django.task"),
    *("celery.worker.autoscale", "celery.worker.components", "celery.worker.consumer"),
    *("celery.worker.consumer.delayed_delivery", "celery.worker.strategy"),
    *("kombu.mixins", "kombu.transport.redis"),
    *("django.core.cache.backends.redis", "django.db.models.sql.compiler"),
    *("uvicorn.lifespan.on", "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl"),
    *("project.asgi", "project.broker.results", "project.broker.transport", "project.scheduler"),
    *("project.serve", "project.urls"),
)

M_ARENA_MAX = -8  # of mallopt(3)
ARENAS = 2


def preload() -> None:
    """Import the shared modules. Starts no thread and leaves no connection open."""
    libc.mallopt(M_ARENA_MAX, ARENAS)
    django.setup()
    for module in SHARED:
        importlib.import_module(module)
    app.loader.import_default_modules()
    app.finalize()
    connections.close_all()
    gc.collect()
    # A garbage collection writes to every object that it visits, and a written page is not shared.
    gc.freeze()
    libc.malloc_trim(0)


def run_web(listener: socket.socket) -> None:
    """Run the web server on `listener`."""
    from project import serve  # noqa: PLC0415 - after the settings are known

    serve.serve(listener)


def run_stream(listener: socket.socket) -> None:
    """Run the process that records pushed quotes, after closing the web server's listener."""
    listener.close()
    call_command("stream_quotes")


def run_celery(command: str, listener: socket.socket) -> None:
    """Run `-m celery …` for a worker or beat, after closing the web server's listener.

    Bypasses Celery's command line, which imports a shell with completion (8 MB), and Django's
    system checks, which import every template library; `setup` has run them.
    """
    listener.close()
    # Celery warns if tasks run as root. With `make run` as root, everything does.
    warnings.simplefilter("ignore", SecurityWarning)
    # Celery announces its shutdown there, although it is quiet.
    sys.__stdout__ = open(os.devnull, "w")  # type: ignore[misc] # noqa: SIM115, PTH123 - until it ends
    os.environ["CELERY_SKIP_CHECKS"] = "1"
    sys.argv = command.split()[1:]  # Celery restarts itself with these arguments after a SIGHUP
    name, *arguments = command.partition("-A project ")[2].split()
    commands = {"worker": worker, "beat": beat}
    commands[name].main(arguments, obj=CLIContext(app, no_color=False, workdir=None, quiet=True))
