"""`manage.py populate_ideas N`: add sample ideas."""

import random

from mainapp.ideas.management.populate import PopulateCommand, make_ideas


class Command(PopulateCommand):
    help = "Make N ideas (only with DEBUG=1)."
    what = "ideas made"

    def populate(self, count: int, draw: random.Random) -> int:
        return make_ideas(count, draw)
