"""`manage.py populate_agenda N`: add invented events."""

from mainapp.agenda.management.populating import PopulateCommand


class Command(PopulateCommand):
    pass
