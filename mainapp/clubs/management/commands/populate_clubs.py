"""`manage.py populate_clubs N`: add sample clubs."""

from mainapp.clubs.management.populating import PopulateCommand


class Command(PopulateCommand):
    pass
