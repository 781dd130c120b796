"""`manage.py populate_comments N`: add sample comments on ideas."""

import random

from mainapp.ideas.management.populate import PopulateCommand, make_comments


class Command(PopulateCommand):
    help = "Make N comments on ideas (only with DEBUG=1)."
    what = "comments made"

    def populate(self, count: int, draw: random.Random) -> int:
        return make_comments(count, draw)
