"""A process that orders seats of event 1 and gives them back, until it is killed."""

import random
import sys
from pathlib import Path
from threading import Thread

import django


def main() -> None:
    django.setup()
    for number in range(4):
        Thread(target=work, args=(int(sys.argv[1]) * 10 + number,)).start()


def work(seed: int) -> None:
    from django.conf import settings  # noqa: PLC0415 - needs the settings
    from django.db import DatabaseError  # noqa: PLC0415 - needs the settings
    from django.utils import timezone  # noqa: PLC0415 - needs the settings

    from mainapp.accounts.models import User  # noqa: PLC0415 - needs the settings
    from mainapp.agenda.services.seats import enrol, release_seats  # noqa: PLC0415 - needs the settings
    from mainapp.core.exceptions import DomainError  # noqa: PLC0415 - needs the settings

    ready = Path(settings.DATA_DIR, f"ready-{sys.argv[1]}")
    choice = random.Random(seed)  # noqa: S311 - a test
    users = list(User.objects.all())
    while True:
        user, at = choice.choice(users), timezone.now()
        try:
            if choice.random() < 0.6:
                seats = choice.randint(1, 2)
                enrol(event_pk=1, user=user, seats=seats, wait=choice.random() < 0.5, at=at)
            else:
                release_seats(event_pk=1, user=user, at=at)
            ready.touch()
        except (DomainError, DatabaseError):
            continue


if __name__ == "__main__":
    main()
