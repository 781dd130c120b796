"""`populate_ideas` under the name of another service."""

import random

from mainapp.ideas.management.populate import PopulateCommand, make_ideas


class Command(PopulateCommand):
    help = "The same as populate_ideas, which is its new name."
    what = "ideas made; the command's new name is populate_ideas"

    def populate(self, count: int, draw: random.Random) -> int:
        return make_ideas(count, draw)
