"""`manage.py populate_projects N`: add invented clubs."""

from mainapp.clubs.management.populating import PopulateCommand


class Command(PopulateCommand):
    pass
