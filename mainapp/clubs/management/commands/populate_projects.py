"""`manage.py populate_projects N`: add sample clubs."""

from mainapp.clubs.management.populating import PopulateCommand


class Command(PopulateCommand):
    pass
