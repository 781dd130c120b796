"""A worker that believes the market to be open, so that it polls at every interval."""

import django

from project.celery import app
from project.launcher import WORKER

if __name__ == "__main__":
    django.setup()
    from mainapp.market.services import updating

    updating._is_trading = lambda at: True
    app.worker_main(WORKER.partition("-A project ")[2].split())
