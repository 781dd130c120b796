"""`manage.py populate_tenants N`: add invented clubs."""

from mainapp.clubs.management.populating import PopulateCommand


class Command(PopulateCommand):
    pass
