"""`manage.py populate_courses N`: add sample events."""

from mainapp.agenda.management.populating import PopulateCommand


class Command(PopulateCommand):
    pass
